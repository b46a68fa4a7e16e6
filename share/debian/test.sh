#!/usr/bin/env bash
# Installs the package in a bare root of this distribution, removes and purges it,
# and fails when something stays behind: piuparts, as root.
#
#   share/debian/test.sh BUILD_DIR     (make test-deb does it)
set -euo pipefail
cd "$(dirname "$0")/../.."

. /etc/os-release
# shellcheck source=tests/matrix/debian_mirror.sh
. tests/matrix/debian_mirror.sh
mirror=$(debian_mirror)
[ -n "$mirror" ] || { echo "apt has no Debian mirror to make a bare root from" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "piuparts makes a root to install in: run it as root" >&2; exit 1; }

log=$1/piuparts.log
piuparts --distribution="${VERSION_CODENAME:?}" --mirror="$mirror main" --no-eatmydata --warn-on-others \
  --log-file="$log" "$1"/*.deb >/dev/null 2>&1 || { grep -E 'ERROR|FAIL' "$log" >&2; echo "see $log" >&2; exit 1; }
grep 'PASS' "$log"
