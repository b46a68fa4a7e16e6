#!/usr/bin/env bash
# Copies and follows PostgreSQL's own regression database: what its 200 test scripts leave
# behind are tables, types and objects of every kind that the server knows.
#
#   tests/matrix/regression.sh PROGRAMS_DIR FILES_DIR
#
# FILES_DIR is what fetch_regress made. Source and copy are compared by pg_dump, by the
# catalog and by sums of all rows, in SQL that has nothing to do with ours; what may differ
# is in regression/differs.txt. Then --verify-only must have compared every table, and a
# second copy is followed through changes of every table.
#
# Prints one line for what was proved or failed; the last one is "N passed, N failed, N
# skipped". DBSYNC_REGRESSION_DIR keeps what was compared.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
programs=$(cd "$1" && pwd -P)
files=$(cd "$2" && pwd -P)
lists=$here/regression
work=$(mktemp -d "${TMPDIR:-/tmp}/dbsync-rg-XXXXXX")
chmod a+rx "$work"
# shellcheck disable=SC2317  # called by the trap
cleanup() {
  "$here/../harness/servers.sh" stop "$work/pg" || true
  if [ -n "${DBSYNC_REGRESSION_DIR:-}" ]; then
    mkdir -p "$DBSYNC_REGRESSION_DIR"
    cp -r "$work"/compare "$work"/*.log "$DBSYNC_REGRESSION_DIR"
  fi
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
export PGHOST=$work/pg PGPORT=5432 PGUSER=postgres LC_ALL=C
mkdir "$work/compare"

passed=0 failed=0
prove() { # TEXT COMMAND…
  local text=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
    echo "passed   $text"
  else
    failed=$((failed + 1))
    echo "failed   $text"
  fi
}

sql() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; } # -d DATABASE …

# -------------------------------------------------------------- the database
# The server writes files there, so both run as one user.
make_database() {
  local user run_as=()
  "$here/../harness/servers.sh" start postgres "$PGHOST" -c max_prepared_transactions=10
  user=$(stat -c %u "$PGHOST/postgres")
  [ "$(id -u)" != 0 ] || run_as=(setpriv "--reuid=$user" "--regid=$user" --clear-groups --)
  mkdir "$work/out"
  [ "$(id -u)" != 0 ] || chown "$user" "$work/out"
  (cd "$work/out" && ${run_as[@]+"${run_as[@]}"} "$files/lib/pg_regress" --inputdir="$files/regress" --outputdir="$work/out" \
    --dlpath="$files/lib" --bindir="$(dirname "$(readlink -f "/proc/$(head -n 1 "$PGHOST/postgres.pid")/exe")")" --host="$PGHOST" \
    --port=5432 --user=postgres --max-connections=4 --schedule="$files/regress/parallel_schedule") >"$work/pg_regress.log" 2>&1
}

# ------------------------------------------------------------------ comparing
# One line an object: "schema: SCHEMA TYPE NAME: SQL".
schema_of() { # DATABASE
  pg_dump --schema-only --no-owner --no-acl --no-publications --no-subscriptions --exclude-schema=dbsync "$1" | awk '
    function put() { if (key != "") print key text }
    /^-- Name: .*; Type: .*; Schema: .*; Owner: / {
      put()
      split(substr($0, 10), part, "; (Type|Schema|Owner): ")
      key = "schema: " part[3] " " part[2] " " part[1] ":"
      text = ""
      next
    }
    /^--$/ || /^SET default_/ || /^$/ || /^\\(un)?restrict / || /^-- PostgreSQL database dump/ { next }
    { text = text " " $0 }
    END { put() }' | sort
}

describe() { # DATABASE KIND…
  local database=$1 kind
  shift
  for kind in "$@"; do
    case $kind in
      schema) schema_of "$database" ;;
      catalog) psql -X -d "$database" -f "$lists/catalog.sql" | sed 's/^/catalog: /' | sort ;;
      data) psql -X -d "$database" -f "$lists/rows.sql" | sed 's/^/data: /' | sort ;;
    esac
  done
}

# Prints what differs and is not on the list, and what the list has in vain.
compare() { # SOURCE TARGET KIND…
  local source=$1 target=$2 name=$work/compare/$2 kinds pattern bad=0
  shift 2
  kinds=$(IFS='|' && echo "$*")
  describe "$source" "$@" >"$name.source"
  describe "$target" "$@" >"$name.target"
  [ -s "$name.source" ] || { echo "nothing to compare"; return 1; }
  diff "$name.source" "$name.target" | grep '^[<>]' >"$name.diff" || true
  grep -E '^[^#]' "$lists/differs.txt" | grep -E " ($kinds): " >"$name.allowed"
  if grep -v -E -f "$name.allowed" "$name.diff" | cut -c1-400; then bad=1; fi
  while IFS= read -r pattern; do
    grep -q -E "$pattern" "$name.diff" || { echo "differs.txt: nothing differs as $pattern"; bad=1; }
  done <"$name.allowed"
  return "$bad"
}

# ------------------------------------------------------------------- the runs
configure() { # SOURCE TARGET
  mkdir -p "$work/$2"
  printf '[src.pgsql]\nconnect_string = "%s dbname=%s"\n[desc.pgsql]\nconnect_string = "%s dbname=%s"\n' \
    "host=$PGHOST port=5432 user=postgres" "$1" "host=$PGHOST port=5432 user=postgres" "$2" >"$work/$2/my.cfg"
}

run() { # TARGET argument…
  local target=$1 status=0
  shift
  (cd "$work/$target" && "$programs/pgsql2pgsql" "$@") >"$work/$target.log" 2>&1 || status=$?
  [ "$status" = 0 ] || { echo "exit status $status"; grep -E ' (ERROR|WARN) ' "$work/$target.log" | tail -n 5; }
  return "$status"
}

every_table_was_compared() { # SOURCE TARGET
  local tables
  tables=$(sql -d "$1" -c "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r'
    and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'")
  if run "$2" --verify-only -j 2 && grep -qE "^total .* $tables same\$" "$work/$2.log"; then return 0; fi
  echo "$tables tables, but:"
  tail -n 1 "$work/$2.log"
  return 1
}

if ! make_database; then
  # Another locale or build may fail some of the 200: what they leave is still a database.
  grep -E 'tests failed|FAILED|^psql|servers.sh' "$work/pg_regress.log" | tail -n 5 || true
  [ "$(sql -d regression -c 'select count(*) > 500 from pg_class' 2>/dev/null)" = t ] || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }
fi

createdb -T template0 copied
configure regression copied
prove "the regression database is copied" run copied --create --full-only -j 2
prove "schema, catalog and data are the same" compare regression copied schema catalog data
prove "every table is compared" every_table_was_compared regression copied

createdb -T regression changing
createdb -T template0 followed
configure changing followed
sql -d changing -f "$lists/identities.sql"
prove "it is copied to be followed" run followed --create --end-at now -j 2
psql -X -q -d changing -f "$lists/changes.sql" >"$work/changes.log" 2>&1
prove "changes of every table are followed" run followed --create --end-at now
prove "data are the same behind them" compare changing followed data
prove "every table is compared again" every_table_was_compared changing followed
prove "the task is ended" run followed --cleanup

echo
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
