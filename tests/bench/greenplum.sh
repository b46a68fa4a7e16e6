#!/usr/bin/env bash
# Times copies into a cluster of Greenplum or a relative of it, against psql's \copy, and
# following into it, against a PostgreSQL target. Figures of one run compare, no others.
#
#   DBSYNC_GREENPLUM="host=… port=5432 user=gpadmin" tests/bench/greenplum.sh
#
#   lineitem  BENCH_ROWS (3000000) rows into a bare heap table: pgsql2pgsql -j 4 against
#             psql \copy of a ready text file and of a ready binary one
#   key last  the same rows into a table that is distributed by its last column, against
#             one that is distributed by its first
#   follow    20000, 40000 and 80000 rows, a quarter of them updated, into a table that was
#             empty at the copy: this target against a PostgreSQL one
#
# BENCH_RUNS (3), BENCH_FOLLOWED (the numbers above), DBSYNC_BIN (bin). The role must be a
# superuser: it makes the database dbsync_bench anew. Exit status 1 when an outcome is wrong, never because it was slow.
set -euo pipefail
# shellcheck source=tests/bench/begin.sh
. "$(dirname "$0")/begin.sh"
readonly rows=${BENCH_ROWS:-3000000} runs=${BENCH_RUNS:-3}
. tests/greenplum/cluster.sh
"$servers" start postgres "$work/s" >/dev/null
source="host=$work/s user=postgres"
export PGOPTIONS='-c client_min_messages=warning'

src() { psql "$source dbname=${2:-src}" -qAtX -c "$1"; }
gp() { psql "$DBSYNC_GREENPLUM dbname=${2:-dbsync_bench}" -qAtX -c "$1"; }
config() { # TARGET_CONNINFO
  printf '[src.pgsql]\nconnect_string = "%s dbname=src"\n[desc.pgsql]\nconnect_string = "%s"\n' "$source" "$1" >"$work/my.cfg"
}

readonly columns='id bigint not null, partkey int, suppkey int not null, linenumber int not null, quantity smallint not null,
  price numeric(15,2) not null, discount numeric(15,2) not null, tax double precision not null, flag char(1) not null,
  mode text not null, shipped date not null, committed timestamp not null, received timestamptz, returned boolean not null,
  instruct varchar(25) not null, comment varchar(80), k bigint not null'
src 'create database src' postgres
src "create table lineitem ($columns)"
src "insert into lineitem
select n, n * 7 % 1000003, n % 200000, n % 10000, n % 50, n * 1.37 % 100000, n % 10000 / 100.0, n / 7.0, chr((65 + n % 26)::int),
       'AIR', date '1992-01-01' + (n % 2500)::int, timestamp '1992-01-01' + n % 80000000 * interval '1 second',
       timestamptz '1992-01-01 00:00+00' + n * interval '1.000003 second', n % 2 = 1, 'DELIVER IN PERSON ' || n % 1000,
       'notes ' || n || ' \\ carefully final deposits', n
  from generate_series(1::bigint, $rows) as n"
src 'vacuum analyze lineitem'
src "copy lineitem to stdout" >"$work/text"
src "copy lineitem to stdout (format binary)" >"$work/binary"
gp 'drop database if exists dbsync_bench' postgres
gp 'create database dbsync_bench' postgres
config "$DBSYNC_GREENPLUM dbname=dbsync_bench"

fresh() { # KEY
  gp 'drop table if exists lineitem'
  gp 'drop schema if exists dbsync cascade'
  gp "create table lineitem ($columns) $(distributed_by "$1")"
}
ours() { "$bin/pgsql2pgsql" --full-only -q -j 4 -c "$work/my.cfg"; }
copy_text() { gp "\\copy lineitem from '$work/text'"; }
copy_binary() { gp "\\copy lineitem from '$work/binary' with binary"; }
measure() { # NAME KEY COMMAND
  local start
  fresh "$2"
  start=$EPOCHREALTIME
  "$3"
  printf '%s\t%s\n' "$1" "$(seconds "$start" "$EPOCHREALTIME")" >>"$work/figures"
  [ "$(gp 'select count(*) from lineitem')" = "$rows" ] || { echo "$1: rows are missing" >&2; exit 1; }
}
median() { awk -F'\t' -v n="$1" '$1 == n { print $2 }' "$work/figures" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for ((run = 0; run < runs; run++)); do
  measure 'psql \copy, text' id copy_text
  measure 'pgsql2pgsql -j 4' id ours
  measure 'psql \copy, binary' id copy_binary
  measure 'pgsql2pgsql -j 4, key last' k ours
done
printf '\n| %s rows of 17 columns | median s | of psql \\copy, text |\n|---|---|---|\n' "$rows"
for name in 'psql \copy, text' 'pgsql2pgsql -j 4' 'psql \copy, binary' 'pgsql2pgsql -j 4, key last'; do
  echo "| $name | $(median "$name") | $(awk -v a="$(median "$name")" -v b="$(median 'psql \copy, text')" 'BEGIN { printf "%.2f", a / b }') |"
done

follow_into() { # ROWS TARGET_CONNINFO SQL_OF_TABLE: seconds
  local start
  config "$2"
  src 'drop table if exists f'
  src 'create table f (id int primary key, v text)'
  psql "$2" -qAtX -c 'drop schema if exists dbsync cascade' -c 'drop table if exists f' -c "$3"
  "$bin/pgsql2pgsql" -q -c "$work/my.cfg" --include f --follow-only --end-at now
  src "insert into f select i, 'v' from generate_series(1, $1) i"
  src "update f set v = 'w' where id % 4 = 0"
  start=$EPOCHREALTIME
  "$bin/pgsql2pgsql" -q -c "$work/my.cfg" --include f --follow-only --end-at now
  seconds "$start" "$EPOCHREALTIME"
  [ "$(psql "$2" -qAtX -c 'select count(*), max(v) from f')" = "$1|w" ] || { echo "follow: rows are missing" >&2; exit 1; }
  "$bin/pgsql2pgsql" -q -c "$work/my.cfg" --cleanup
}
src 'create database dst' postgres
printf '\n| followed rows | PostgreSQL s | this target s | ratio |\n|---|---|---|---|\n'
for n in ${BENCH_FOLLOWED:-20000 40000 80000}; do
  theirs=$(follow_into "$n" "$source dbname=dst" 'create table f (id int primary key, v text)')
  ours=$(follow_into "$n" "$DBSYNC_GREENPLUM dbname=dbsync_bench" \
    "create table f (id int primary key, v text) $(distributed_by id)")
  echo "| $n | $theirs | $ours | $(awk -v a="$ours" -v b="$theirs" 'BEGIN { printf "%.2f", a / b }') |"
done
