#!/bin/sh
# Installs what is missing, then runs the exporter. As root it gets the capabilities that it needs and no others, where the
# kernel allows it: docs/security.md says which are for what.
set -eu
cd "$(dirname "$0")/.."
. scripts/safe-path.sh
sh scripts/setup.sh start

# Flags of Node.js: as the first line has them, for who installs it.
small=$(sed -n '1s/.* node //p' dist/main.js)

# For bpftrace, and to read of others; what is asked for may need others.
capabilities=+bpf,+perfmon,+sys_ptrace,+dac_read_search

if [ "$(id -u)" -eq 0 ]; then
  # Flags and their file say which. Other commands need no others, and what is wrong is for the exporter to say.
  needed=$(node dist/main.js capabilities "$@" 2>/dev/null) || needed=
  case $needed in
    '' | *[!a-z_[:space:]]*) ;;
    *)
      capabilities=
      for name in $needed; do capabilities=$capabilities${capabilities:+,}+$name; done
      ;;
  esac
  # What root gains when it runs a program is what the bounding set and the inheritable set let it (capabilities(7)).
  wrapper="setpriv --no-new-privs --ambient-caps=-all --inh-caps=-all --bounding-set=-all,$capabilities"
  # shellcheck disable=SC2086 # a list of words
  if problem=$($wrapper true 2>&1); then
    exec $wrapper node $small dist/main.js "$@"
  fi
  echo "start: the exporter keeps all capabilities that it has, as setpriv cannot drop them: $problem" >&2
fi
# shellcheck disable=SC2086 # a list of flags
exec node $small dist/main.js "$@"
