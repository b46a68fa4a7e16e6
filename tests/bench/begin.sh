# What every benchmark begins with; sourced by them, from anywhere.
#
#   bin                the folder of the programs (DBSYNC_BIN, by default bin)
#   servers            starts and stops throw-away servers
#   work               a directory that goes at the end, with the servers in it
#   seconds FROM TO    between two times of EPOCHREALTIME
#
# The folder of the repository becomes the current one.
# shellcheck shell=bash
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
bin=$(realpath "${DBSYNC_BIN:-bin}")
readonly bin servers=$PWD/tests/harness/servers.sh

work=$(mktemp -d "${TMPDIR:-/tmp}/dbsync-bench-XXXXXX")
chmod 755 "$work" # the servers' user is another
end_of_bench() {
  "$servers" stop "$work" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap end_of_bench EXIT

seconds() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", b - a }'; }
