#!/bin/sh
# Runs a program of the Debian unstable folder from outside, with its own loader
# and libraries and the caller's directories:
#
#   sid.sh FOLDER PROGRAM [argument…]       PROGRAM: its path in the folder
set -eu
folder=$1 program=$2
shift 2
arch=$(uname -m)
libraries=$folder/usr/lib/$arch-linux-gnu:$folder/usr/lib/mysql/private
for loader in "$folder"/lib64/ld-linux-*.so.* "$folder"/lib/ld-linux-*.so.*; do
  [ ! -e "$loader" ] || exec "$loader" --library-path "$libraries" "$folder$program" "$@"
done
echo "sid.sh: no loader in $folder" >&2
exit 1
