#!/usr/bin/env bash
# Drains backlogs of changes with pgsql2pgsql and with a built-in subscription, in
# alternation on the same servers, and prints rates and ratios: this machine's
# speed drifts, so only figures of one run compare.
#
#   tpcb      FOLLOW_TX (100000) pgbench transactions of 4 row changes
#   one       FOLLOW_ROWS (1000000) rows inserted by one transaction
#   many      the same rows by 1,000 transactions
#   latency   500 transactions a second for 10 s: from the commit on the source
#             until it is visible on the target
#   large     FOLLOW_LARGE (5000000) rows by one transaction: peak memory
#
# tests/bench/follow.sh [WHAT]…      default: tpcb one many latency
# FOLLOW_RUNS (1): repetitions of tpcb, one and many. DBSYNC_BIN (bin).
set -euo pipefail
# shellcheck source=tests/bench/begin.sh
. "$(dirname "$0")/begin.sh"
readonly tx=${FOLLOW_TX:-100000} rows=${FOLLOW_ROWS:-1000000} large=${FOLLOW_LARGE:-5000000} runs=${FOLLOW_RUNS:-1}

"$servers" start postgres "$work/s" >/dev/null
"$servers" start postgres "$work/t" >/dev/null
export PGUSER=postgres PGOPTIONS="-c client_min_messages=warning"

src() { psql -h "$work/s" -d bench -qAtX -c "$1"; }
ours_sql() { psql -h "$work/t" -d ours -qAtX -c "$1"; }
theirs_sql() { psql -h "$work/t" -d theirs -qAtX -c "$1"; }
everywhere() { src "$1"; ours_sql "$1"; theirs_sql "$1"; }

psql -h "$work/s" -qX -c 'create database bench'
psql -h "$work/t" -qX -c 'create database ours' -c 'create database theirs'
cat >"$work/my.cfg" <<CFG
[src.pgsql]
connect_string = "host=$work/s user=postgres dbname=bench"
[desc.pgsql]
connect_string = "host=$work/t user=postgres dbname=ours"
CFG
follow() { "$bin/pgsql2pgsql" -q -c "$work/my.cfg" --follow-only "$@"; }

# Both begin at the same state of the source: tables made, nothing changed.
begin() {
  follow --end-at now
  src 'create publication theirs for all tables'
  theirs_sql "create subscription s connection 'host=$work/s user=postgres dbname=bench' publication theirs
              with (copy_data = false, enabled = false, binary = true)"
}
end() {
  theirs_sql 'drop subscription s'
  src 'drop publication theirs'
  "$bin/pgsql2pgsql" -q -c "$work/my.cfg" --cleanup
}

# theirs is through when it has confirmed the source's position.
theirs() {
  theirs_sql 'alter subscription s enable'
  until [ "$(src "select confirmed_flush_lsn >= '$1' from pg_replication_slots where slot_name = 's'")" = t ]; do sleep 0.02; done
}

drain() { # NAME UNITS TABLE…: both drain, in an order that changes from run to run
  local name=$1 units=$2 end start order
  shift 2
  end=$(src 'select pg_current_wal_lsn()')
  src checkpoint
  ours_sql checkpoint
  order="ours theirs"
  [ $((run % 2)) = 0 ] && order="theirs ours"
  for who in $order; do
    start=$EPOCHREALTIME
    if [ "$who" = ours ]; then follow --end-at "$end"; else theirs "$end"; fi
    declare "took_$who=$(seconds "$start" "$EPOCHREALTIME")"
  done
  for table in "$@"; do
    local sum="select count(*), sum(hashtext(t::text)::bigint) from $table t" want
    want=$(src "$sum")
    [ "$(ours_sql "$sum")" = "$want" ] && [ "$(theirs_sql "$sum")" = "$want" ] || { echo "$name: $table differs" >&2; exit 1; }
  done
  awk -v n="$name" -v u="$units" -v a="$took_ours" -v b="$took_theirs" \
    'BEGIN { printf "%-8s pgsql2pgsql %.2f s (%d/s), subscription %.2f s (%d/s), ratio %.2f\n", n, a, u / a, b, u / b, b / a }'
}

bench_tpcb() {
  for where in "$work/s bench" "$work/t ours" "$work/t theirs"; do
    set -- $where
    pgbench -h "$1" -i -s 10 -q "$2" >/dev/null 2>&1
    psql -h "$1" -d "$2" -qX -c 'alter table pgbench_history add id bigserial primary key' -c 'vacuum analyze'
  done
  begin
  pgbench -h "$work/s" -n -c 4 -t $((tx / 4)) bench >/dev/null 2>&1
  drain tpcb "$tx" pgbench_accounts pgbench_tellers pgbench_branches pgbench_history
  end
}

bench_bulk() { # NAME ROWS TRANSACTIONS
  everywhere 'drop table if exists bulk; create table bulk (id int primary key, a text, b text)'
  begin
  src "do \$\$ begin for t in 0..$3 - 1 loop
         insert into bulk select i, 'some text that is long enough to matter ' || i, repeat('b', 40)
           from generate_series(t * ($2 / $3) + 1, (t + 1) * ($2 / $3)) i;
         commit; end loop; end \$\$"
  drain "$1" "$2" bulk
  end
}
bench_one() { bench_bulk one "$rows" 1; }
bench_many() { bench_bulk many "$rows" 1000; }

# A trigger on the target notes when a row came; the row says when it was sent. The
# commits of both follow at once.
bench_latency() {
  everywhere 'drop table if exists ping; create table ping (id bigserial primary key, sent timestamptz default clock_timestamp())'
  ours_sql 'create table pong (sent timestamptz, came timestamptz);
    create function note() returns trigger language plpgsql as
      $$ begin insert into pong values (new.sent, clock_timestamp()); return null; end $$;
    create trigger note after insert on ping for each row execute function note();
    alter table ping enable always trigger note'
  follow --end-at now
  "$bin/pgsql2pgsql" -q -c "$work/my.cfg" --follow-only & # not by the function: a signal would reach its shell only
  local follower=$!
  echo 'insert into ping default values' >"$work/ping.sql"
  pgbench -h "$work/s" -n -f "$work/ping.sql" -c 2 -R 500 -T 10 bench >/dev/null 2>&1
  sleep 1
  kill -TERM "$follower"
  wait "$follower" || true
  ours_sql "select format('latency  500 tx/s: median %s ms, 95%% %s ms, most %s ms, of %s', round(p[1]), round(p[2]), round(p[3]), n)
    from (select percentile_cont(array[0.5, 0.95, 1]) within group (order by extract(epoch from came - sent) * 1000)::numeric[] p,
                 count(*) n from pong) x"
  "$bin/pgsql2pgsql" -q -c "$work/my.cfg" --cleanup
}

bench_large() {
  everywhere 'drop table if exists bulk; create table bulk (id int primary key, a text, b text)'
  follow --end-at now
  src "insert into bulk select i, 'some text that is long enough to matter ' || i, repeat('b', 40) from generate_series(1, $large) i"
  local start=$EPOCHREALTIME
  /usr/bin/env bash -c 'ulimit -c 0; "$@" & pid=$!; peak=0
    while kill -0 $pid 2>/dev/null; do
      now=$(awk "/VmHWM/ { print \$2 }" /proc/$pid/status 2>/dev/null || true); peak=${now:-$peak}; sleep 0.1
    done; wait $pid; echo "$peak" >'"$work/peak" -- "$bin/pgsql2pgsql" -q -c "$work/my.cfg" --follow-only --end-at now
  [ "$(ours_sql 'select count(*) from bulk')" = "$large" ] || { echo "large: rows are missing" >&2; exit 1; }
  echo "large    $large rows in one transaction: $(seconds "$start" "$EPOCHREALTIME") s, peak $(($(cat "$work/peak") / 1024)) MiB"
  "$bin/pgsql2pgsql" -q -c "$work/my.cfg" --cleanup
}

[ $# -gt 0 ] || set -- tpcb one many latency
for run in $(seq "$runs"); do
  for what in "$@"; do
    case $what in
      tpcb | one | many | latency | large) "bench_$what" ;;
      *) echo "follow.sh: unknown: $what" >&2; exit 1 ;;
    esac
  done
done
