#!/bin/sh
# Installs what is missing, then runs the exporter. As root it gets the capabilities that it needs and no others, where the
# kernel allows it: docs/security.md says which are for what.
set -eu
cd "$(dirname "$0")/.."
. scripts/safe-path.sh
sh scripts/setup.sh start

capabilities=+bpf,+perfmon,+sys_ptrace,+dac_read_search
case " $* " in
  *' --tracer.backend=systemtap '* | *' --tracer.backend systemtap '*) systemtap=yes ;;
  *) if command -v bpftrace >/dev/null 2>&1; then systemtap=no; else systemtap=yes; fi ;;
esac
listen=--web.listen-address
case " $* " in
  *" $listen"[=\ ]*:[1-9]\ * | *" $listen"[=\ ]*:[1-9][0-9]\ * | *" $listen"[=\ ]*:[1-9][0-9][0-9]\ *)
    capabilities=$capabilities,+net_bind_service
    ;;
esac
[ "$systemtap" = no ] || capabilities=$capabilities,+sys_module,+syslog

if [ "$(id -u)" -eq 0 ]; then
  # What root gains when it runs a program is what the bounding set and the inheritable set let it (capabilities(7)).
  wrapper="setpriv --no-new-privs --ambient-caps=-all --inh-caps=-all --bounding-set=-all,$capabilities"
  # shellcheck disable=SC2086 # a list of words
  if problem=$($wrapper true 2>&1); then
    exec $wrapper node dist/main.js "$@"
  fi
  echo "start: the exporter keeps all capabilities that it has, as setpriv cannot drop them: $problem" >&2
fi
exec node dist/main.js "$@"
