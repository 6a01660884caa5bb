#!/bin/sh
# Fetches the bpftrace of another Debian release into CACHE/RELEASE, for tests: prepare-bpftrace.sh RELEASE CACHE
# Needs root and debootstrap, and the mirror that this machine's apt uses. Quick when it is there already.
set -eu
release=$1
folder=$2/$release
[ -e "$folder/usr/bin/bpftrace" ] && exit 0

command -v debootstrap >/dev/null 2>&1 || {
  echo "prepare-bpftrace: installing the Debian package debootstrap" >&2
  env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=60 install --yes --no-install-recommends debootstrap >/dev/null ||
    { apt-get update >/dev/null && env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends debootstrap >/dev/null; }
}
# The mirror of the first source of apt, in either format.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
  sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' -e 's/^deb \(\[[^]]*\] *\)\{0,1\}\([^ ]*\).*/\2/p' | head -n 1)
[ -n "$mirror" ] || { echo "prepare-bpftrace: apt has no source to take a mirror from" >&2; exit 1; }
# A debootstrap that is older than a release has no script of that name; the one of sid fits.
script=/usr/share/debootstrap/scripts/$release
[ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid

echo "prepare-bpftrace: fetching the bpftrace of Debian $release into $folder" >&2
rm -rf "$folder"
mkdir -p "$2"
if ! debootstrap --variant=minbase --include=bpftrace "$release" "$folder" "$mirror" "$script" >"$folder.log" 2>&1; then
  tail -n 5 "$folder.log" >&2
  rm -rf "$folder"
  exit 1
fi
rm -rf "$folder.log" "$folder"/var/cache/apt/archives/*.deb
