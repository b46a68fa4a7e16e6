#!/usr/bin/env bash
# Times pgsql2pgsql against what else moves a PostgreSQL database, in alternation,
# and prints medians and ratios: this machine's speed drifts, so only figures of
# one run compare.
#
#   tests/bench/pg_copy.sh [data] [index] [small]     default: all three
#
#   data    one table of BENCH_ROWS rows (3000000) into an empty one:
#           psql copy to | psql copy from (binary), pgcopydb copy table-data when
#           it is installed
#   index   the same with a primary key and one index, into an empty database:
#           pg_dump -Fc -Z0 | pg_restore
#   small   BENCH_TABLES tables (1000) with 100 rows, a key and an index each:
#           pg_dump | pg_restore
#
# BENCH_RUNS (3), DBSYNC_BIN (bin). Exit status 1 when an outcome is wrong, never
# because it was slow.
set -euo pipefail
# shellcheck source=tests/bench/begin.sh
. "$(dirname "$0")/begin.sh"
readonly rows=${BENCH_ROWS:-3000000} tables=${BENCH_TABLES:-1000} runs=${BENCH_RUNS:-3}
[ $# -gt 0 ] || set -- data index small

"$servers" start postgres "$work/s" -c max_locks_per_transaction=256 >/dev/null
export PGHOST=$work/s PGUSER=postgres PGDATABASE=postgres PGOPTIONS='-c client_min_messages=warning'

cat >"$work/my.cfg" <<CFG
[src.pgsql]
connect_string = "host=$PGHOST user=postgres dbname=src"
[desc.pgsql]
connect_string = "host=$PGHOST user=postgres dbname=dst"
CFG

new_target() { psql -qc 'drop database if exists dst with (force)' -c 'create database dst template template0'; }
# ext4 avoids the inodes of files that were deleted in the last minute: after the
# drop of a database of thousands of files it searches, and each new file costs
# several times as much. So the databases of small tables stay until the end.
targets=0
new_target_beside() {
  [ $targets -eq 0 ] || psql -qc "alter database dst rename to dst_$targets"
  targets=$((targets + 1))
  psql -qc 'create database dst template template0'
}

make_large() {
  echo "generating $rows rows" >&2
  psql -qc 'drop database if exists src with (force)' -c 'create database src template template0'
  psql -q -d src -v rows="$rows" <<'SQL'
create table lineitem (
  id bigint not null, partkey int, suppkey int not null, linenumber int not null, quantity smallint not null,
  price numeric(15,2) not null, discount numeric(15,2) not null, tax double precision not null, flag char(1) not null,
  mode text not null, shipped date not null, committed timestamp not null, received timestamptz, returned boolean not null,
  instruct varchar(25) not null, comment varchar(80));
insert into lineitem
select n, case when n % 10 <> 0 then n * 7 % 1000003 end, n % 200000, n % 10000, n % 50, n * 1.37 % 100000, n % 10000 / 100.0,
       n / 7.0, chr((65 + n % 26)::int), (array['AIR', 'RAIL', 'SHIP'])[1 + n % 3], date '1992-01-01' + (n % 2500)::int,
       timestamp '1992-01-01' + n % 80000000 * interval '1 second',
       case when n % 5 <> 0 then timestamptz '1992-01-01 00:00+00' + n * interval '1.000003 second' end, n % 2 = 1,
       'DELIVER IN PERSON ' || n % 1000, case when n % 7 <> 0 then 'notes "' || n || '" \ carefully final deposits' end
  from generate_series(1::bigint, :rows) as n;
SQL
  psql -q -d src -c 'alter table lineitem add primary key (id)' -c 'create index on lineitem (shipped)' -c 'vacuum analyze lineitem' -c checkpoint
}

make_small() {
  echo "generating $tables tables" >&2
  psql -qc 'drop database if exists src with (force)' -c 'create database src template template0'
  psql -q -d src -v tables="$tables" -At <<'SQL' | psql -q -d src
select format('create table t%s (id int primary key, v text, w numeric); insert into t%s select i, md5(i::text), i / 3.0 '
              'from generate_series(1, 100) i; create index on t%s (v);', n, n, n)
  from generate_series(1, :tables) n;
SQL
  psql -q -d src -c analyze -c checkpoint
}

ours() { "$bin/pgsql2pgsql" --full-only -q -c "$work/my.cfg" "$@" 2>>"$work/err"; }
pipe() { psql -q -d src -c 'copy lineitem to stdout (format binary)' | psql -q -d dst -c 'copy lineitem from stdin (format binary)'; }
pgcopydb_data() {
  rm -rf "$work/pgcopydb"
  pgcopydb copy table-data --dir "$work/pgcopydb" --source "host=$PGHOST user=postgres dbname=src" \
    --target "host=$PGHOST user=postgres dbname=dst" --table-jobs 4 >>"$work/err" 2>&1
}
dump_restore() { pg_dump -Fc -Z0 -d src | pg_restore -d dst; }
dump_restore_default() { pg_dump -Fc -d src | pg_restore -d dst; }

# Empty tables before data-only runs, an empty database before the others.
prepare_table() {
  new_target
  pg_dump --schema-only --section=pre-data -d src | psql -q -d dst >/dev/null
}

measure() { # name prepare command…
  local name=$1 prepare=$2 start
  shift 2
  "$prepare"
  psql -qc checkpoint
  start=$EPOCHREALTIME
  "$@" || { echo "$name: failed" >&2; tail -n 20 "$work/err" >&2; exit 1; }
  awk -v n="$name" -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%s\t%.3f\n", n, b - a }' >>"$work/figures"
  local expected actual
  expected=$(psql -d src -Atc "$count") actual=$(psql -d dst -Atc "$count")
  [ "$expected" = "$actual" ] || { echo "$name: $actual instead of $expected" >&2; exit 1; }
}

median() { awk -F'\t' -v n="$1" '$1 == n { print $2 }' "$work/figures" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
spread() { awk -F'\t' -v n="$1" '$1 == n { print $2 }' "$work/figures" | sort -n | awk 'NR == 1 { a = $1 } { b = $1 } END { print a " to " b }'; }
table() { # title reference name…: ratio = time / reference's time
  local reference=$2 name
  printf '\n%s\n\n| what | median s | of the reference | spread s |\n|---|---|---|---|\n' "$1"
  shift 2
  for name in "$@"; do
    echo "| ${name//|/\\|} | $(median "$name") | $(awk -v a="$(median "$name")" -v b="$(median "$reference")" 'BEGIN { printf "%.2f", a / b }') | $(spread "$name") |"
  done
}

run_data() {
  local names=("pgsql2pgsql -j 4" "pgsql2pgsql -j 2" "psql | psql, binary") run
  command -v pgcopydb >/dev/null && names+=("pgcopydb --table-jobs 4") || echo "pgcopydb is not installed: left out" >&2
  count='select count(*), sum(id), min(committed), max(comment) from lineitem'
  for run in $(seq "$runs"); do
    echo "data, run $run of $runs" >&2
    measure "pgsql2pgsql -j 4" prepare_table ours -j 4
    measure "psql | psql, binary" prepare_table pipe
    measure "pgsql2pgsql -j 2" prepare_table ours -j 2
    [ ${#names[@]} -lt 4 ] || measure "pgcopydb --table-jobs 4" prepare_table pgcopydb_data
  done
  table "One table of $rows rows, data only, $runs runs" "psql | psql, binary" "${names[@]}"
}

run_index() {
  local run
  count='select count(*), sum(id), (select count(*) from pg_index where indrelid = $$lineitem$$::regclass) from lineitem'
  for run in $(seq "$runs"); do
    echo "index, run $run of $runs" >&2
    measure "pgsql2pgsql --create -j 4" new_target ours --create -j 4
    measure "pg_dump -Fc -Z0 | pg_restore" new_target dump_restore
  done
  table "The same with a primary key and an index, $runs runs" "pg_dump -Fc -Z0 | pg_restore" "pgsql2pgsql --create -j 4" "pg_dump -Fc -Z0 | pg_restore"
}

run_small() {
  local run
  psql -qc 'drop database if exists dst with (force)'
  count='select count(*), (select count(*) from pg_index where indrelid::regclass::text ~ $$^t\d+$$) from pg_class where relname ~ $$^t\d+$$'
  for run in $(seq "$runs"); do
    echo "small, run $run of $runs" >&2
    measure "pgsql2pgsql --create" new_target_beside ours --create
    measure "pg_dump | pg_restore" new_target_beside dump_restore_default
  done
  table "$tables tables of 100 rows, $runs runs" "pg_dump | pg_restore" "pgsql2pgsql --create" "pg_dump | pg_restore"
}

echo "$(date -u +%Y-%m-%d), $(nproc) cores, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo); $(postgres --version 2>/dev/null || psql --version); both databases in one server."
large=
for part in "$@"; do
  case $part in
    data | index) [ -n "$large" ] || make_large; large=yes; "run_$part" ;;
    small) make_small; large=; run_small ;;
    *) echo "usage: $0 [data] [index] [small]" >&2; exit 1 ;;
  esac
done
