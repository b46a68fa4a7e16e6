#!/bin/sh
# Lists the files that .clang-format would write otherwise; exit status 1 if there are
# any. With -i it rewrites them.
#
# Releases of clang-format differ in what they write: 14, which Debian 12 has, is the one
# that counts. Where it is not installed nothing is checked, and that is said.
set -u
cd "$(dirname "$0")/../.." || exit 1
tool=
for name in clang-format-14 clang-format; do
  case $("$name" --version 2>/dev/null) in
    *"version 14."*) tool=$name && break ;;
  esac
done
if [ -z "$tool" ]; then
  echo "format: not checked, clang-format 14 is not installed"
  exit 0
fi

sources() {
  find common mysql2pgsql pgsql2pgsql tests -name '*.cpp' -o -name '*.h'
}
if [ "${1:-}" = -i ]; then
  sources | xargs "$tool" -i
  exit
fi
found=$(sources | sort | xargs "$tool" --dry-run 2>&1 | sed -n 's/^\([^ :]*\):[0-9]*:[0-9]*: .*/\1: not as .clang-format has it; run make format/p' | sort -u)
[ -z "$found" ] && echo "format: every file is as .clang-format has it" && exit 0
echo "$found"
exit 1
