# To be read by other scripts (`. scripts/safe-path.sh`). npm puts node_modules/.bin of this folder and of all folders
# above it first into PATH: who may write to one of them would have programs run as root.
path=
old_ifs=$IFS
IFS=:
for folder in $PATH; do
  case $folder in
    */node_modules/*) ;;
    /*) path=$path:$folder ;;
  esac
done
IFS=$old_ifs
PATH=${path#:}
