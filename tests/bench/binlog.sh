#!/usr/bin/env bash
# Drains backlogs of a MariaDB's binlog with mysql2pgsql, and prints how it compares
# with others that drain the same one on this machine in the same run.
#
#   writes    BINLOG_TX (50000) transactions of sysbench oltp_write_only, 4 changes
#             each, over 10 tables: against a replica that neither keeps a binlog nor
#             flushes its commits; then the same backlog for one table of the ten
#   one       BINLOG_ROWS (1000000) rows inserted by one transaction: against
#             pgsql2pgsql's follower
#   latency   500 transactions a second for 10 s: from the statement on the source
#             until its row is visible on the target
#   large     BINLOG_LARGE (5000000) rows by one transaction: peak memory
#
# tests/bench/binlog.sh [WHAT]…      default: writes one latency
# BINLOG_RUNS (1): repetitions. DBSYNC_BIN (bin).
#
# CPU in seconds stands beside the times, since the wall clock tells little where other
# work goes on: user and system, of the program and of the servers that change rows.
set -euo pipefail
# shellcheck source=tests/bench/begin.sh
. "$(dirname "$0")/begin.sh"
readonly tx=${BINLOG_TX:-50000} rows=${BINLOG_ROWS:-1000000} large=${BINLOG_LARGE:-5000000} runs=${BINLOG_RUNS:-1}
readonly table_rows=${BINLOG_TABLE_ROWS:-10000} tables=10

share/install-deps.sh bench
command -v sysbench >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends sysbench >/dev/null

export PGUSER=postgres PGOPTIONS="-c client_min_messages=warning"
port=$((20000 + $$ % 10000))

cpu_of() { awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13 + $14 + $15) / hz }' "/proc/$(cat "$1")/stat"; }
target_cpu() { cpu_of "$work/t/postgres.pid"; }
replica_cpu() { cpu_of "$work/r/mariadb.pid"; }

src() { mariadb --no-defaults -uroot -S "$work/s/my.sock" -BN bench -e "$1"; }
replica() { mariadb --no-defaults -uroot -S "$work/r/my.sock" -BN -e "$1"; }
psql_on() { psql -h "$work/$1" -d "$2" -qAtX -c "$3"; }

"$servers" start mariadb "$work/s" --skip-networking=0 --bind-address=127.0.0.1 --port="$port" --max-binlog-size=1G \
  --innodb-buffer-pool-size=512M >/dev/null
"$servers" start postgres "$work/t" >/dev/null
mariadb --no-defaults -uroot -S "$work/s/my.sock" -e "create database bench; create user r identified by 'r';
  grant replication slave on *.* to r"

config() { # DATABASE of the target, which it makes
  psql_on t postgres "create database $1"
  cat >"$work/$1.cfg" <<CFG
[src.mysql]
socket = "$work/s/my.sock"
user = "root"
db = "bench"
[desc.pgsql]
connect_string = "host=$work/t user=postgres dbname=$1"
CFG
}
follow() { # DATABASE OPTION…
  local db=$1
  shift
  "$bin/mysql2pgsql" -q -c "$work/$db.cfg" --follow-only "$@"
}

# What is timed: sets took, cpu (of the program), peak (MiB) and cpu_target.
timed() {
  local start=$EPOCHREALTIME before
  before=$(target_cpu)
  /usr/bin/time -q -f '%U %S %M' -o "$work/usage" "$@"
  took=$(seconds "$start" "$EPOCHREALTIME")
  read -r cpu peak < <(awk '{ printf "%.2f %.1f\n", $1 + $2, $3 / 1024 }' "$work/usage")
  cpu_target=$(seconds "$before" "$(target_cpu)")
}
drained() { # DATABASE END
  timed "$bin/mysql2pgsql" -q -c "$work/$1.cfg" --follow-only --end-at "$2"
}
say() { # NAME UNITS: of what was timed
  awk -v n="$1" -v u="$2" -v a="$took" -v c="$cpu" -v t="$cpu_target" -v m="$peak" \
    'BEGIN { printf "%-8s %.2f s (%d/s), CPU %.2f s + target %.2f s, peak %.1f MiB", n, a, u / a, c, t, m }'
}
end_now() { src 'show master status' | awk '{ print $1 ":" $2 }'; }

# ---------------------------------------------------------------------- writes
sysbench_on_source() { # OPTION… COMMAND
  sysbench oltp_write_only --db-driver=mysql --mysql-socket="$work/s/my.sock" --mysql-user=root --mysql-db=bench \
    --tables="$tables" --table-size="$table_rows" --threads=4 "$@" >/dev/null
}

start_replica() {
  "$servers" start mariadb "$work/r" --skip-log-bin --server-id=2 --innodb-flush-log-at-trx-commit=0 \
    --innodb-buffer-pool-size=512M >/dev/null
  replica "change master to master_host = '127.0.0.1', master_port = $port, master_user = 'r', master_password = 'r',
    master_log_file = 'bin.000001', master_log_pos = 4; start slave"
}
replica_reaches() { # END
  [ "$(replica "select master_pos_wait('${1%:*}', ${1#*:}, 3600)")" -ge 0 ]
}

# By the text of all rows, in the order of keys.
same_rows() { # DATABASE TABLE
  local columns="concat_ws('|', id, k, c, pad)"
  [ "$(src "select $columns from $2 order by id" | md5sum)" = "$(psql_on t "$1" "select $columns from $2 order by id" | md5sum)" ] ||
    { echo "writes: $2 differs" >&2; exit 1; }
}

prepare_writes() {
  config ten
  config few
  sysbench_on_source prepare
  "$bin/mysql2pgsql" -q -c "$work/ten.cfg" --follow --create --end-at now
  echo sbtest1 >"$work/few.list"
  "$bin/mysql2pgsql" -q -c "$work/few.cfg" -l "$work/few.list" --follow --create --end-at now
  start_replica
}

# What it costs to begin and end, without a change, is taken off; and of what is left the
# part of the changes that are selected.
bench_unselected() { # END CHANGES CPU of all of them
  local idle
  drain_few() { timed "$bin/mysql2pgsql" -q -c "$work/few.cfg" -l "$work/few.list" --follow-only --end-at "$1"; }
  drain_few "$1"
  same_rows few sbtest1
  say "1 of $tables" "$2"
  few=$(seconds "-$cpu" "$cpu_target")
  src 'create table other (id int); drop table other'
  drain_few now
  idle=$(seconds "-$cpu" "$cpu_target")
  awk -v a="$3" -v b="$few" -v i="$idle" -v u="$2" -v n="$tables" 'BEGIN {
    each = (a - i) / u; other = (b - i - each * u / n) / (u - u / n)
    printf "\n         CPU without a change %.2f s, of a selected change %.2f µs, of another %.2f µs: ratio %.1f\n",
      i, each * 1e6, other * 1e6, each / other }'
}

bench_writes() {
  [ -e "$work/ten.cfg" ] || prepare_writes
  local end start before changes=$((tx * 4)) order="ours theirs"
  replica_reaches "$(end_now)"
  replica 'stop slave'
  sysbench_on_source --time=0 --events="$tx" run
  end=$(end_now)
  psql_on t ten checkpoint
  [ $((run % 2)) = 0 ] && order="theirs ours"
  for who in $order; do
    if [ "$who" = ours ]; then
      drained ten "$end"
      say writes "$changes"
      ours=$took ours_cpu=$(seconds "-$cpu" "$cpu_target")
    else
      before=$(replica_cpu)
      start=$EPOCHREALTIME
      replica 'start slave'
      replica_reaches "$end"
      theirs=$(seconds "$start" "$EPOCHREALTIME") theirs_cpu=$(seconds "$before" "$(replica_cpu)")
    fi
  done
  for i in $(seq "$tables"); do same_rows ten "sbtest$i"; done
  awk -v a="$ours" -v b="$theirs" -v ca="$ours_cpu" -v cb="$theirs_cpu" -v u="$changes" \
    'BEGIN { printf "\n         replica %.2f s (%d/s), CPU %.2f s: ratio %.2f, of CPU %.2f\n", b, u / b, cb, b / a, cb / ca }'
  bench_unselected "$end" "$changes" "$ours_cpu"
}

# ------------------------------------------------------- one transaction, large
readonly bulk='create table bulk (id int primary key, a text, b text)'
fill_source() { # ROWS
  src "set max_statement_time = 0; insert into bulk select seq, concat('some text that is long enough to matter ', seq),
    repeat('b', 40) from seq_1_to_$1"
}
begin_bulk() { # DATABASE
  src "drop table if exists bulk; $bulk"
  psql_on t "$1" "drop table if exists bulk; $bulk"
  echo bulk >"$work/bulk.list"
  "$bin/mysql2pgsql" -q -c "$work/$1.cfg" --cleanup >/dev/null 2>&1 || true
  follow "$1" -l "$work/bulk.list" --end-at now
}

bench_one() {
  if [ ! -e "$work/p" ]; then
    config one
    "$servers" start postgres "$work/p" >/dev/null
    psql_on p postgres 'create database bench'
    psql_on t postgres 'create database pg'
    cat >"$work/pg.cfg" <<CFG
[src.pgsql]
connect_string = "host=$work/p user=postgres dbname=bench"
[desc.pgsql]
connect_string = "host=$work/t user=postgres dbname=pg"
CFG
  fi
  for where in "p bench" "t pg"; do
    set -- $where
    psql_on "$1" "$2" "drop table if exists bulk; $bulk"
  done
  "$bin/pgsql2pgsql" -q -c "$work/pg.cfg" --follow-only --end-at now
  begin_bulk one
  fill_source "$rows"
  psql_on p bench "insert into bulk select i, 'some text that is long enough to matter ' || i, repeat('b', 40) from generate_series(1, $rows) i"
  psql_on t one checkpoint
  timed "$bin/mysql2pgsql" -q -c "$work/one.cfg" -l "$work/bulk.list" --follow-only --end-at now
  say one "$rows"
  local ours=$took ours_cpu
  ours_cpu=$(seconds "-$cpu" "$cpu_target")
  psql_on t one checkpoint
  timed "$bin/pgsql2pgsql" -q -c "$work/pg.cfg" --follow-only --end-at now
  echo
  say " pg" "$rows"
  awk -v a="$ours" -v b="$took" -v ca="$ours_cpu" -v cb="$(seconds "-$cpu" "$cpu_target")" \
    'BEGIN { printf "\n         ratio %.2f, of CPU %.2f\n", b / a, cb / ca }'
  local sum="select count(*), sum(hashtext(bulk::text)::bigint) from bulk"
  [ "$(psql_on t one "$sum")" = "$(psql_on t pg "$sum")" ] || { echo "one: bulk differs" >&2; exit 1; }
  "$bin/pgsql2pgsql" -q -c "$work/pg.cfg" --cleanup
}

bench_large() {
  [ -e "$work/large.cfg" ] || config large
  begin_bulk large
  fill_source "$large"
  timed "$bin/mysql2pgsql" -q -c "$work/large.cfg" -l "$work/bulk.list" --follow-only --end-at now
  [ "$(psql_on t large 'select count(*) from bulk')" = "$large" ] || { echo "large: rows are missing" >&2; exit 1; }
  say large "$large"
  echo
}

# --------------------------------------------------------------------- latency
# A trigger on the target notes when a row came; the row says when it was sent.
bench_latency() {
  [ -e "$work/late.cfg" ] || config late
  src 'drop table if exists ping; create table ping (id bigint auto_increment primary key, sent datetime(6))'
  psql_on t late "drop table if exists ping, pong; create table ping (id bigint primary key, sent timestamp);
    create table pong (sent timestamp, came timestamp);
    create or replace function note() returns trigger language plpgsql as
      \$\$ begin insert into public.pong values (new.sent, clock_timestamp() at time zone 'utc'); return null; end \$\$;
    create trigger note after insert on ping for each row execute function note();
    alter table ping enable always trigger note"
  echo ping >"$work/ping.list"
  "$bin/mysql2pgsql" -q -c "$work/late.cfg" --cleanup >/dev/null 2>&1 || true
  follow late -l "$work/ping.list" --end-at now
  "$bin/mysql2pgsql" -q -c "$work/late.cfg" -l "$work/ping.list" --follow-only & # its own pid, for the signal
  local follower=$!
  printf 'function thread_init() con = sysbench.sql.driver():connect() end
function event() con:query("insert into ping (sent) values (utc_timestamp(6))") end\n' >"$work/ping.lua"
  sysbench "$work/ping.lua" --db-driver=mysql --mysql-socket="$work/s/my.sock" --mysql-user=root --mysql-db=bench \
    --threads=2 --rate=500 --time=10 run >/dev/null
  sleep 1
  kill -TERM "$follower"
  wait "$follower" || true
  psql_on t late "select format('latency  500 tx/s: median %s ms, 95%% %s ms, 99%% %s ms, most %s ms, of %s', round(p[1]), round(p[2]), round(p[3]), round(p[4]), n)
    from (select percentile_cont(array[0.5, 0.95, 0.99, 1]) within group (order by extract(epoch from came - sent) * 1000)::numeric[] p,
                 count(*) n from pong) x"
}

[ $# -gt 0 ] || set -- writes one latency
for run in $(seq "$runs"); do
  for what in "$@"; do
    case $what in
      writes | one | latency | large) "bench_$what" ;;
      *) echo "binlog.sh: unknown: $what" >&2; exit 1 ;;
    esac
  done
done
