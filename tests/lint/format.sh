#!/bin/sh
# Lists the files that .clang-format would write otherwise; exit status 1 if there are
# any. With -i it rewrites them.
#
# Only release 14 counts (clang14.sh). Where it is not installed nothing is checked, and
# that is said.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lint/clang14.sh
tool=$(clang14 clang-format)
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
