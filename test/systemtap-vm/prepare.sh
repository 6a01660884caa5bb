#!/bin/sh
# Builds the virtual machine that SystemTap is tested in, once: prepare.sh CACHE [DEBIAN_RELEASE]
# Needs root, network access to the mirror that this machine's apt uses, and 4 GB in CACHE. Leaves there:
#   kernel, initrd  what QEMU boots
#   root.img        a Debian with SystemTap, the kernel's headers, bpftrace, Python and sshd
#   root/           the same as a folder, to compile in
#   key             logs in as root
#   release         the kernel's release
# A package or a mirror that is missing ends it with status 3, so that it is not mistaken for a failing test.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=$1
# The newest SystemTap and kernel; the README has what was seen with other releases.
suite=${2:-forky}

say() { echo "systemtap-vm: $*" >&2; }
cannot() {
  say "cannot be built here: $*"
  exit 3
}

# Built by another version of these files: build it anew.
version=$(cat "$here/prepare.sh" "$here/initrd-init" "$here/inittab" "$here/start-up" | cksum)
[ "$(cat "$cache/built" 2>/dev/null)" = "$version" ] && exit 0

[ "$(id -u)" -eq 0 ] || cannot 'debootstrap needs root'
missing=
for package in debootstrap:debootstrap qemu-system-x86:qemu-system-x86_64 cpio:cpio e2fsprogs:mke2fs openssh-client:ssh; do
  command -v "${package#*:}" >/dev/null 2>&1 || missing="$missing ${package%:*}"
done
if [ -n "$missing" ]; then
  say "installing the Debian packages$missing"
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086 # a list of words
  apt-get -o DPkg::Lock::Timeout=60 install --yes --no-install-recommends $missing >/dev/null 2>&1 ||
    { apt-get update >/dev/null 2>&1 && apt-get install --yes --no-install-recommends $missing >/dev/null; } ||
    cannot "apt-get could not install$missing"
fi
# The mirror of the first source of apt, in either format.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
  sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' -e 's/^deb \(\[[^]]*\] *\)\{0,1\}\([^ ]*\).*/\2/p' | head -n 1)
[ -n "$mirror" ] || cannot 'apt has no source to take a mirror from'
# A debootstrap that is older than a release has no script of that name; the one of sid fits.
script=/usr/share/debootstrap/scripts/$suite
[ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid

say "fetching Debian $suite with SystemTap into $cache (a few minutes)"
mkdir -p "$cache"
# Nothing of this machine that is still mounted there may be removed with it.
! grep -q " $cache/root/" /proc/mounts || { say "something is mounted in $cache/root: unmount it"; exit 1; }
rm -rf --one-file-system "$cache/root" "$cache/built"
packages=systemtap,linux-image-cloud-amd64,linux-headers-cloud-amd64,gcc,make,libc6-dev,kmod
packages=$packages,bpftrace,busybox-static,iproute2,openssh-server,procps,python3,ruby,util-linux
debootstrap --variant=minbase --include=$packages $suite "$cache/root" "$mirror" "$script" >"$cache/debootstrap.log" 2>&1 || {
  tail -n 5 "$cache/debootstrap.log" >&2
  cannot "debootstrap of $suite failed: see above"
}
cd "$cache"
release=$(basename root/lib/modules/*)
rm -rf root/var/cache/apt/archives/*.deb root/var/lib/apt/lists/* root/usr/share/doc root/usr/share/locale
cp "root/boot/vmlinuz-$release" kernel

say "making the first boot of $release, for its symbols"
rm -rf initrd-files
mkdir -p initrd-files/bin initrd-files/proc initrd-files/dev initrd-files/new initrd-files/lib
cp root/bin/busybox initrd-files/bin/
ln -s busybox initrd-files/bin/sh
cp "$here/initrd-init" initrd-files/init
chmod 755 initrd-files/init
for module in virtio_pci virtio_blk virtio_net ext4; do
  chroot root modprobe --set-version "$release" --show-depends $module
done | sed -n 's/^insmod //p' | awk '!seen[$1]++ { print $1 }' | while read -r file; do
  name=$(basename "$file" .xz)
  case $file in
    *.xz) xz -dc "root$file" ;;
    *) cat "root$file" ;;
  esac >"initrd-files/lib/$name"
  echo "$name" >>initrd-files/lib/order
done
(cd initrd-files && find . | cpio --create --format=newc --quiet | gzip -1) >initrd
rm -rf initrd-files
# Debian has no System.map, without which stap resolves no kernel function: the running kernel's symbols are one.
timeout 300 qemu-system-x86_64 -accel tcg -cpu max -m 512 -display none -no-reboot -kernel kernel -initrd initrd \
  -serial file:first-boot.log -serial file:symbols \
  -append 'console=ttyS0 panic=-1 nokaslr tsc=reliable amdahl.symbols' </dev/null
tr -d '\r' <symbols >"root/boot/System.map-$release"
grep -q ' do_exit$' "root/boot/System.map-$release" || {
  tail -n 5 first-boot.log >&2
  say 'the first boot gave no symbols: see above'
  exit 1
}
rm symbols

say 'making the disk'
[ -e key ] || ssh-keygen -q -t ed25519 -N '' -f key
mkdir -p root/root/.ssh root/payload
cp key.pub root/root/.ssh/authorized_keys
cp "$here/inittab" root/etc/inittab
cp "$here/start-up" root/sbin/start-up
chmod 755 root/sbin/start-up
echo systemtap-vm >root/etc/hostname
rm -f root.img
mke2fs -q -t ext4 -d root root.img 3G >/dev/null
echo "$release" >release
echo "$version" >built
