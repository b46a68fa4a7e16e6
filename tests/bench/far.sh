#!/usr/bin/env bash
# Times whole runs whose servers are far away, on both sides, against the same runs
# without a distance, in alternation; prints seconds and ratios. What is sent to a
# server or comes from it arrives FAR_MS / 2 later (tests/bench/far/delay_proxy.cpp).
# "linked": through the same proxies without a delay, since on few cores they themselves
# take time from the servers, which a real distance does not.
#
#   small    200 small tables, -j 8: mysql2pgsql --create, pgsql2pgsql --create --full-only
#   large    lineitem, BENCH_ROWS rows (3000000), -j 4, mysql2pgsql
#   follow   FOLLOW_TX (100000) pgbench transactions drained by pgsql2pgsql
#
# tests/bench/far.sh [WHAT]…    default: all. FAR_MS (30), BENCH_RUNS (1), DBSYNC_BIN (bin).
set -euo pipefail
# shellcheck source=tests/bench/begin.sh
. "$(dirname "$0")/begin.sh"
readonly far_ms=${FAR_MS:-30} runs=${BENCH_RUNS:-1} rows=${BENCH_ROWS:-3000000} tx=${FOLLOW_TX:-100000} small_tables=200
readonly here=$PWD/tests/bench
[ $# -gt 0 ] || set -- small large follow

proxies=()
finish() {
  [ ${#proxies[@]} = 0 ] || kill "${proxies[@]}" 2>/dev/null || true
  end_of_bench
}
trap finish EXIT

"${CXX_PLAIN:-g++}" -std=c++20 -O2 -pthread "$here/far/delay_proxy.cpp" -o "$work/delay_proxy"
"$servers" start mariadb "$work/s" --innodb-buffer-pool-size=1G >/dev/null
"$servers" start postgres "$work/s" >/dev/null
"$servers" start postgres "$work/t" >/dev/null
export PGUSER=postgres PGOPTIONS='-c client_min_messages=warning'
mysql=(mariadb --no-defaults -uroot -S "$work/s/my.sock")

# The servers once more, as they look from afar.
mkdir "$work"/{far,linked}-{s,t}
for path in s/my.sock s/.s.PGSQL.5432 t/.s.PGSQL.5432; do
  "$work/delay_proxy" "$work/far-$path" "$work/$path" $((far_ms / 2)) &
  proxies+=($!)
  "$work/delay_proxy" "$work/linked-$path" "$work/$path" 0 &
  proxies+=($!)
done

config() { # NAME NEAR-or-empty DATABASE
  local program
  for program in mysql pgsql; do
    {
      if [ "$program" = mysql ]; then
        printf '[src.mysql]\nsocket = "%s"\nuser = "root"\ndb = "%s"\n' "$work/$2s/my.sock" "$3"
      else
        printf '[src.pgsql]\nconnect_string = "host=%s user=postgres dbname=%s"\n' "$work/$2s" "$3"
      fi
      printf '[desc.pgsql]\nconnect_string = "host=%s user=postgres dbname=%s"\n' "$work/$2t" "$3"
    } >"$work/$1-$program.cfg"
  done
}

timed() { # NAME command…: seconds into figures
  local name=$1 start=$EPOCHREALTIME
  shift
  "$@" >"$work/out" 2>&1 || { cat "$work/out" >&2; return 1; }
  awk -v n="$name" -v a="$EPOCHREALTIME" -v b="$start" 'BEGIN { printf "%s\t%.2f\n", n, a - b }' >>"$work/figures"
}
run() { # near|linked|far PROGRAM DATABASE option…
  local where=$1 program=$2 database=$3
  shift 3
  "$bin/$program" -q -c "$work/$where-$database-${program%2pgsql}.cfg" "$@"
}
configs() { # DATABASE
  config "near-$1" '' "$1"
  config "linked-$1" linked- "$1"
  config "far-$1" far- "$1"
}

new_target() {
  psql -qXh "$work/t" -d postgres -c "drop database if exists $1 with (force)" -c "create database $1"
}
sum_on() { psql -qAtXh "$1" -d "$2" -c "select count(*), sum(hashtext(t::text)::bigint) from $3 t"; }

bench_small() {
  local i where
  configs small
  psql -qXh "$work/s" -d postgres -c 'create database small'
  {
    echo "create database small; use small;"
    for i in $(seq $small_tables); do
      echo "create table s$i (id int primary key, name varchar(40), at datetime, key (name));
            insert into s$i select seq, md5(seq), '2024-01-01' + interval seq second from seq_1_to_100;"
    done
  } | "${mysql[@]}"
  for i in $(seq $small_tables); do
    echo "create table s$i (id int primary key, name varchar(40), at timestamp); create index on s$i (name);
          insert into s$i select g, md5(g::text), timestamp '2024-01-01' + g * interval '1 s' from generate_series(1, 100) g;"
  done | psql -qXh "$work/s" -d small
  for _ in $(seq "$runs"); do
    for where in near linked far; do
      new_target small
      timed "small mysql2pgsql --create, $where" run $where mysql2pgsql small --create -j 8
      [ "$(psql -qAtXh "$work/t" -d small -c 'select count(*) from pg_indexes where schemaname = $$public$$')" = $((2 * small_tables)) ]
      new_target small
      timed "small pgsql2pgsql --create, $where" run $where pgsql2pgsql small --create --full-only -j 8
      [ "$(psql -qAtXh "$work/t" -d small -c 'select count(*) from pg_indexes where schemaname = $$public$$')" = $((2 * small_tables)) ]
    done
  done
}

bench_large() {
  configs bench
  echo "generating $rows rows" >&2
  { echo "set @rows = $rows;"; cat "$here/lineitem.sql"; } | "${mysql[@]}" >/dev/null
  new_target bench
  "$bin/mysql2pgsql" -c "$work/near-bench-mysql.cfg" -d --section pre-data | psql -qXh "$work/t" -d bench >/dev/null
  echo lineitem >"$work/list"
  local where
  for _ in $(seq "$runs"); do
    for where in near linked far; do
      psql -qXh "$work/t" -d bench -c 'truncate lineitem' -c checkpoint
      timed "large mysql2pgsql -j 4, $where" run $where mysql2pgsql bench -l "$work/list" -j 4
      [ "$(psql -qAtXh "$work/t" -d bench -c 'select count(*) from lineitem')" = "$rows" ]
    done
  done
}

bench_follow() {
  local where end table side
  configs follow
  for _ in $(seq "$runs"); do
    for where in near linked far; do
      for side in s t; do
        psql -qXh "$work/$side" -d postgres -c 'drop database if exists follow with (force)' -c 'create database follow'
        pgbench -h "$work/$side" -i -s 10 -q follow >/dev/null 2>&1
        psql -qXh "$work/$side" -d follow -c 'alter table pgbench_history add id bigserial primary key' -c 'vacuum analyze'
      done
      run $where pgsql2pgsql follow --follow-only --end-at now >"$work/out" 2>&1
      pgbench -h "$work/s" -n -c 4 -t $((tx / 4)) follow >/dev/null 2>&1
      end=$(psql -qAtXh "$work/s" -d follow -c 'select pg_current_wal_lsn()')
      timed "follow $tx transactions, $where" run $where pgsql2pgsql follow --follow-only --end-at "$end"
      for table in pgbench_accounts pgbench_tellers pgbench_branches pgbench_history; do
        [ "$(sum_on "$work/s" follow "$table")" = "$(sum_on "$work/t" follow "$table")" ] || { echo "$table differs" >&2; return 1; }
      done
      run $where pgsql2pgsql follow --cleanup >"$work/out" 2>&1
    done
  done
}

: >"$work/figures"
for what in "$@"; do
  case $what in
    small | large | follow) "bench_$what" ;;
    *) echo "far.sh: unknown: $what" >&2; exit 1 ;;
  esac
done

echo "$(date -u +%Y-%m-%d), $(nproc) cores, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), $far_ms ms of round trip to both servers, medians of $runs"
echo
echo "| what | near s | linked s | far s | far / linked | far / near |"
echo "|---|---|---|---|---|---|"
awk -F'\t' '
  { name = $1; sub(/, (near|linked|far)$/, "", name); if (!(name in seen)) { seen[name] = 1; order[++n] = name }
    key = $1; values[key, ++count[key]] = $2 }
  function median(key,   i, j, t, c) {
    c = count[key]
    for (i = 1; i <= c; ++i) for (j = i + 1; j <= c; ++j) if (values[key, j] < values[key, i]) { t = values[key, i]; values[key, i] = values[key, j]; values[key, j] = t }
    return values[key, int((c + 1) / 2)]
  }
  END { for (i = 1; i <= n; ++i) { a = median(order[i] ", near"); l = median(order[i] ", linked"); b = median(order[i] ", far"); printf "| %s | %.2f | %.2f | %.2f | %.2f | %.2f |\n", order[i], a, l, b, b / l, b / a } }' "$work/figures"
