#!/bin/sh
# Prepares what `npm start` (setup.sh start), `npm test` (setup.sh test), `npm run bench:truth` (setup.sh truth),
# `npm run bench:coverage` (setup.sh coverage), `npm run bench:overhead` (setup.sh overhead) and `npm run test:faults` (setup.sh
# faults) need, so that they work from a fresh clone. Says what it does; does nothing, in silence, when nothing is missing.
set -eu
cd "$(dirname "$0")/.."

purpose=${1-}
case $purpose in
  start | test | truth | coverage | overhead | faults) ;;
  *)
    echo 'usage: sh scripts/setup.sh start|test|truth|coverage|overhead|faults' >&2
    exit 2
    ;;
esac

. scripts/safe-path.sh

log=
policy=
cleanup() {
  [ -z "$log" ] || rm -f "$log"
  [ -z "$policy" ] || rm -f "$policy"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { echo "setup: $*" >&2; }

# Runs a command with its output kept; show_log prints it if it turns out to matter.
quietly() {
  [ -n "$log" ] || log=$(mktemp)
  "$@" >"$log" 2>&1
}
show_log() { sed 's/^/  /' "$log" >&2; }

check_node() {
  version=$(node --version 2>/dev/null) || version=none
  major=${version#v}
  minor=${major#*.}
  major=${major%%.*}
  minor=${minor%%.*}
  case $major$minor in
    *[!0-9]*) ;;
    *) if [ "$major" -gt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -ge 19 ]; }; then return; fi ;;
  esac
  say "Node.js 20.19 or newer is needed, found $version: install a current version from https://nodejs.org"
  exit 1
}

install_npm_packages() {
  stamp=node_modules/.installed-package-lock.json
  cmp -s package-lock.json "$stamp" && return
  say 'installing the npm packages of package-lock.json into node_modules'
  if ! quietly npm ci --include=dev --ignore-scripts --no-audit --no-fund; then
    show_log
    say 'npm ci failed: see above'
    exit 1
  fi
  cp package-lock.json "$stamp"
}

build() {
  stamp=dist/.built
  [ -e "$stamp" ] && [ -z "$(find src package.json tsconfig.json tsconfig.build.json -newer "$stamp" | head -n 1)" ] && return
  mkdir -p dist
  # Dated before the compiler reads: a file saved during the build is built the next time.
  : >"$stamp.new"
  if ! node_modules/.bin/tsc -p tsconfig.build.json >&2; then
    say 'the build failed: see above'
    exit 1
  fi
  mv "$stamp.new" "$stamp"
}

# Appends PACKAGE to `missing` unless COMMAND (or, with a slash, the file COMMAND) is there.
missing=
need() {
  package=$1 command=$2
  case $command in
    /*) [ -e "$command" ] && return ;;
    *) command -v "$command" >/dev/null 2>&1 && return ;;
  esac
  missing="$missing $package"
}

reason_for() {
  case $1 in
    bpftrace) echo 'traces futex waits' ;;
    prometheus | prometheus-alertmanager) echo 'check what is exported, and that alerts arrive' ;;
    gcc | g++ | binutils | libc6-dev | make) echo "builds the tests' workload" ;;
    cargo | librust-parking-lot-dev) echo 'builds a program with the locks of a crate' ;;
    musl-tools | rustc) echo 'builds programs of other C libraries and languages, to be recognised' ;;
    golang-go) echo 'builds programs of Go, to look into' ;;
    python3 | ruby) echo 'runs programs that have the lock of an interpreter' ;;
    curl | openssl) echo 'ask by TLS, and make certificates for it' ;;
    systemd) echo 'hands sockets over to the exporter' ;;
    util-linux) echo 'taskset pins the workload to CPUs' ;;
    faketime) echo 'steps the clock of one program' ;;
    bindfs) echo 'a file system that hangs' ;;
    mariadb-server | postgresql | redis-server | memcached | nginx-light | gunicorn | puma) echo 'a service with known limits' ;;
    sysbench | redis-tools | libmemcached-tools | wrk) echo 'puts load on a service' ;;
  esac
}

install_debian_packages() {
  need bpftrace bpftrace
  if [ "$purpose" != start ]; then
    need prometheus promtool
    need prometheus-alertmanager prometheus-alertmanager
    need gcc gcc
    need g++ g++
    need binutils c++filt
    need libc6-dev /usr/include/stdio.h
    need musl-tools musl-gcc
    need rustc rustc
    need python3 /usr/bin/python3
    need ruby ruby
    need make make
    need util-linux taskset
    need curl curl
    need openssl openssl
    need systemd systemd-socket-activate
    need bindfs bindfs
  fi
  case $purpose in
    truth | coverage)
      need mariadb-server mariadbd
      need sysbench sysbench
      ;;
  esac
  # Large: for the longer tests and the benches that need it.
  case $purpose${AMDAHL_TEST_STRICT-} in
    truth* | coverage* | overhead* | test1) need golang-go go ;;
  esac
  if [ "$purpose" = truth ]; then
    need postgresql pg_ctlcluster
    need redis-server redis-server
    need redis-tools redis-benchmark
    need memcached memcached
    need libmemcached-tools memcslap
    need nginx-light nginx
    need wrk wrk
    need gunicorn gunicorn
    need puma puma
  fi
  if [ "$purpose" = coverage ]; then
    need cargo cargo
    need librust-parking-lot-dev /usr/share/doc/librust-parking-lot-dev
  fi
  [ "$purpose" != faults ] || need faketime faketime
  [ -n "$missing" ] || return 0

  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    for package in $missing; do say "installing the Debian package $package: $(reason_for "$package")"; done
    keep_services_stopped
    # One failed package would hold back the others, so a second try takes them one by one, with fresh lists.
    # shellcheck disable=SC2086 # a list of words
    if ! apt_install $missing; then
      quietly apt-get -o DPkg::Lock::Timeout=60 update || show_log
      for package in $missing; do
        apt_install "$package" || {
          show_log
          report_missing "$package"
        }
      done
    fi
    # The packages enable their services for the next boot; the tests start their own.
    for service in prometheus prometheus-alertmanager mariadb postgresql redis-server memcached nginx; do
      case " $missing " in *" $service"*) quietly update-rc.d "$service" disable || : ;; esac
    done
  else
    for package in $missing; do report_missing "$package"; done
  fi
}

apt_install() {
  quietly env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=60 install --yes --no-install-recommends "$@"
}

# Debian starts a service as it is installed, unless policy-rc.d says no (invoke-rc.d(8), status 101).
# A policy that is already there is the administrator's and stays.
keep_services_stopped() {
  [ -e /usr/sbin/policy-rc.d ] && return
  policy=/usr/sbin/policy-rc.d
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}

report_missing() {
  if command -v apt-get >/dev/null 2>&1; then
    say "$1 is missing ($(reason_for "$1")): run 'apt-get install $1' as root"
  else
    say "$1 is missing ($(reason_for "$1")): install it with the system's package manager"
  fi
}

# The tracer reads the format of its tracepoints there; systemd mounts it at boot, a bare machine has it not.
mount_tracefs() {
  [ -e /sys/kernel/tracing/events ] && return
  if [ "$(id -u)" -ne 0 ]; then
    say "tracefs is not mounted: run 'mount -t tracefs nodev /sys/kernel/tracing' as root"
  elif quietly mount -t tracefs nodev /sys/kernel/tracing; then
    say 'mounted tracefs on /sys/kernel/tracing'
  else
    show_log
    say 'tracefs could not be mounted on /sys/kernel/tracing: no tracer can run'
  fi
}

check_node
install_npm_packages
build
install_debian_packages
mount_tracefs
