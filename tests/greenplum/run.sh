#!/usr/bin/env bash
# Runs cases with a cluster of Greenplum or a relative of it as the target, and throw-away
# servers as sources. The role must be a superuser there: each case has a database of its own.
#
#   DBSYNC_GREENPLUM="host=… port=5432 user=gpadmin" tests/greenplum/run.sh CASES_BINARY
#
# DBSYNC_GREENPLUM  a libpq connection string without a database
# GTEST_FILTER      other cases than those of tests/greenplum/cases.txt
#
# Exit status 1 when a case failed, or no cluster is named.
set -euo pipefail

cd "$(dirname "$0")/../.."
[ $# = 1 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 1; }
. tests/greenplum/cluster.sh

work=$(mktemp -d "${TMPDIR:-/tmp}/dbsync-gp-XXXXXX")
chmod 755 "$work"
trap 'tests/harness/servers.sh stop "$work" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
tests/harness/servers.sh start postgres "$work/s" >/dev/null

filter=$(sed '/^#/d;/^$/d' tests/greenplum/cases.txt | paste -sd:)
except=$(sed -n 's/^# not \([^ ]*\):.*/\1/p' tests/greenplum/cases.txt | paste -sd:)
DBSYNC_TEST_PG=$DBSYNC_GREENPLUM DBSYNC_TEST_PG_SOURCE="host=$work/s port=5432 user=postgres" \
  GTEST_FILTER=${GTEST_FILTER:-$filter-$except} tests/run.sh "$1"
