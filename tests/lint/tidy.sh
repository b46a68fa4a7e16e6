#!/bin/sh
# Runs clang-tidy; exit status 1 when it finds anything.
#
#   tests/lint/tidy.sh [hot]     hot: the encoders, the decoders and the apply path only
#
# Only release 14 counts (clang14.sh). Where it is not installed nothing is checked, and
# that is said.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lint/clang14.sh
tool=$(clang14 clang-tidy)
if [ -z "$tool" ]; then
  echo "tidy: not checked, clang-tidy 14 is not installed"
  exit 0
fi

target=tidy${1:+-$1}
found=$(mktemp) || exit 1
trap 'rm -f "$found"' EXIT
# What a surrounding make says of jobs is not for this one.
if MAKEFLAGS='' make --no-print-directory -j"$(nproc)" -k -s ${SAN:+"SAN=$SAN"} ${CXX:+"CXX=$CXX"} TIDY="$tool" "$target" >"$found" 2>&1; then
  echo "tidy: clean"
  exit 0
fi
cat "$found"
exit 1
