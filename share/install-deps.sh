#!/bin/sh
# Installs the Debian/Ubuntu packages that are missing: "build" for the
# programs, "test" for the tests and the demo as well, "deb" for the package,
# "test-deb" for its installation in a bare root.
# Uses sudo when not root.
set -eu

want="g++ make pkg-config libpq-dev default-libmysqlclient-dev libinih-dev libfmt-dev nlohmann-json3-dev libxxhash-dev zlib1g-dev libzstd-dev"
case "${1:-build}" in
  build) ;;
  test) want="$want libgtest-dev libgmock-dev mariadb-server-core mariadb-client-core postgresql postgresql-client" ;;
  deb) want="$want dpkg-dev binutils gzip man-db lintian" ;;
  test-deb) want="piuparts" ;;
  bench) want="$want libbenchmark-dev time mariadb-server-core mariadb-client-core postgresql postgresql-client" ;;
  *) echo "usage: $0 build|test|deb|test-deb|bench" >&2; exit 1 ;;
esac

# On systems without dpkg the compiler will say what is missing.
command -v dpkg-query >/dev/null 2>&1 || exit 0

missing=
for package in $want; do
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 || { echo "missing packages:$missing; install them as root (no sudo here)" >&2; exit 1; }
  sudo=sudo
fi

echo "installing missing packages:$missing" >&2
# RUNLEVEL=1 keeps package scripts from starting system-wide database servers:
# the tests and the demo start their own in a temporary directory.
$sudo apt-get update -qq >&2
# shellcheck disable=SC2086  # a list of package names
$sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing >&2
