#!/usr/bin/env bash
# Times --create of many empty tables, each with two keys: what a table costs when there
# are 200 of them, 2,000 and 20,000, and the peak of the program's memory. Against
# pgloader at PGLOADER_TABLES (2000), when it is installed.
#
# tests/bench/many.sh [mysql] [pgsql] [partitions] [TABLES]…    default: mysql pgsql 200 2000 20000
#
#   mysql        mysql2pgsql --create
#   pgsql        pgsql2pgsql --create --full-only, and what pg_dump alone takes
#   partitions   mysql2pgsql --create of MANY_ROOTS (200) tables of 100 partitions each
#
# MANY_JOBS (4), BENCH_RUNS (3; of more than 5,000 tables one), DBSYNC_BIN (bin). Set TMPDIR to a
# tmpfs: MariaDB syncs the files of each table that it makes, which takes 30 ms on a disk.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=$(realpath "${DBSYNC_BIN:-bin}")
readonly bin jobs=${MANY_JOBS:-4} runs=${BENCH_RUNS:-3} pgloader_tables=${PGLOADER_TABLES:-2000}
readonly servers=$PWD/tests/harness/servers.sh roots=${MANY_ROOTS:-200} parts=100
programs=() counts=()
for argument in "$@"; do
  case $argument in
    mysql | pgsql | partitions) programs+=("$argument") ;;
    *[!0-9]* | '') echo "many.sh: unknown: $argument" >&2; exit 1 ;;
    *) counts+=("$argument") ;;
  esac
done
[ ${#programs[@]} -gt 0 ] || programs=(mysql pgsql)
[ ${#counts[@]} -gt 0 ] || counts=(200 2000 20000)

work=$(mktemp -d "${TMPDIR:-/tmp}/dbsync-many-XXXXXX")
chmod 755 "$work"
finish() {
  "$servers" stop "$work/s" >/dev/null 2>&1 || true
  "$servers" stop "$work/t" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT
"$servers" start mariadb "$work/s" --innodb-buffer-pool-size=1G >/dev/null
"$servers" start postgres "$work/s" -c max_locks_per_transaction=512 >/dev/null # pg_dump locks all tables at once
"$servers" start postgres "$work/t" >/dev/null
export PGUSER=postgres PGOPTIONS='-c client_min_messages=warning'
mysql=(mariadb --no-defaults -uroot -S "$work/s/my.sock")
: >"$work/figures"

config() { # DATABASE
  printf '[src.mysql]\nsocket = "%s"\nuser = "root"\ndb = "%s"\n[src.pgsql]\nconnect_string = "host=%s user=postgres dbname=%s"\n[desc.pgsql]\nconnect_string = "host=%s user=postgres dbname=%s"\n' \
    "$work/s/my.sock" "$1" "$work/s" "$1" "$work/t" "$1" >"$work/$1.cfg"
}
new_target() {
  psql -qXh "$work/t" -d postgres -c "drop database if exists $1 with (force)" -c "create database $1" -c checkpoint
}
indexes_of() { # DATABASE SCHEMA
  psql -qAtXh "$work/t" -d "$1" -c "select count(*) from pg_index i join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace where n.nspname = '$2'"
}

# A line of figures: what, tables, seconds, KiB.
timed() { # WHAT TABLES command…
  local what=$1 tables=$2 start memory=0 meter=()
  shift 2
  [ ! -x /usr/bin/time ] || meter=(/usr/bin/time -q -f %M -o "$work/memory")
  start=$EPOCHREALTIME
  ${meter[@]+"${meter[@]}"} "$@" >"$work/out" 2>&1 || { tail -n 40 "$work/out" >&2; return 1; }
  local end=$EPOCHREALTIME
  [ ${#meter[@]} = 0 ] || memory=$(tail -n 1 "$work/memory")
  awk -v w="$what" -v n="$tables" -v a="$end" -v b="$start" -v m="$memory" \
    'BEGIN { printf "%s\t%d\t%.3f\t%d\n", w, n, a - b, m }' >>"$work/figures"
}
expect() { [ "$1" = "$2" ] || { echo "many.sh: $1 instead of $2" >&2; exit 1; }; }
runs_of() { [ "$1" -le 5000 ] && echo "$runs" || echo 1; }

bench_mysql() { # TABLES
  local n=$1 i
  config "many_$n"
  {
    echo "create database many_$n; use many_$n;"
    for i in $(seq "$n"); do echo "create table t$i (id int primary key, name varchar(40), at datetime, key (name));"; done
  } | "${mysql[@]}"
  for _ in $(seq "$(runs_of "$n")"); do
    new_target "many_$n"
    timed "mysql2pgsql --create -j $jobs" "$n" "$bin/mysql2pgsql" -q -c "$work/many_$n.cfg" --create -j "$jobs"
    expect "$(indexes_of "many_$n" public)" $((2 * n))
    if [ "$n" = "$pgloader_tables" ] && command -v pgloader >/dev/null; then
      new_target "many_$n"
      printf 'LOAD DATABASE FROM mysql://root@unix:%s:/many_%d INTO postgresql://postgres@unix:%s:5432/many_%d\nWITH include drop, create tables, create indexes, reset sequences, foreign keys, workers = %d, concurrency = 1;\n' \
        "$work/s/my.sock" "$n" "$work/t" "$n" "$jobs" >"$work/pgloader.load"
      timed pgloader "$n" pgloader "$work/pgloader.load"
      expect "$(indexes_of "many_$n" "many_$n")" $((2 * n))
    fi
  done
}

bench_pgsql() { # TABLES
  local n=$1 i
  config "many_$n"
  psql -qXh "$work/s" -d postgres -c "create database many_$n"
  for i in $(seq "$n"); do
    echo "create table t$i (id int primary key, name varchar(40), at timestamp); create index on t$i (name);"
  done | psql -qXh "$work/s" -d "many_$n"
  for _ in $(seq "$(runs_of "$n")"); do
    new_target "many_$n"
    timed "pgsql2pgsql --create -j $jobs" "$n" "$bin/pgsql2pgsql" -q -c "$work/many_$n.cfg" --create --full-only -j "$jobs"
    expect "$(indexes_of "many_$n" public)" $((2 * n))
    timed "pg_dump --schema-only" "$n" pg_dump -h "$work/s" -s -Fc -f "$work/dump" "many_$n"
  done
}

bench_partitions() {
  local i p list
  config parted
  list=$(for p in $(seq $parts); do printf '%spartition p%d values less than (%d)' "$([ "$p" = 1 ] || echo ', ')" "$p" $((p * 10)); done)
  { # of a file each they would take 64 KiB
    echo "set global innodb_file_per_table = 0; create database parted; use parted;"
    for i in $(seq "$roots"); do
      echo "create table t$i (id int not null, name varchar(40), primary key (id)) partition by range (id) ($list);"
    done
  } | "${mysql[@]}"
  new_target parted
  timed "mysql2pgsql --create, $parts partitions each" "$((roots * parts))" \
    "$bin/mysql2pgsql" -q -c "$work/parted.cfg" --create -j "$jobs"
  expect "$(psql -qAtXh "$work/t" -d parted -c "select count(*) from pg_inherits i join pg_class c on c.oid = i.inhrelid where c.relkind = 'r'")" \
    $((roots * parts))
}

for program in "${programs[@]}"; do
  if [ "$program" = partitions ]; then bench_partitions; continue; fi
  for count in "${counts[@]}"; do "bench_$program" "$count"; done
done

echo "$(date -u +%Y-%m-%d), $(nproc) cores, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), medians of $runs runs, of one above 5,000 tables"
echo
echo "| what | tables | seconds | ms per table | against the fewest | peak MiB |"
echo "|---|---|---|---|---|---|"
awk -F'\t' '
  { key = $1 FS $2; if (!(key in count)) order[++n] = key; s[key, ++count[key]] = $3; if ($4 > peak[key]) peak[key] = $4 }
  END {
    for (i = 1; i <= n; ++i) {
      key = order[i]; c = count[key]; split(key, part, FS)
      for (a = 1; a <= c; ++a) for (b = a + 1; b <= c; ++b) if (s[key, b] < s[key, a]) { t = s[key, a]; s[key, a] = s[key, b]; s[key, b] = t }
      m = s[key, int((c + 1) / 2)]; each = 1000 * m / part[2]
      if (!(part[1] in first)) first[part[1]] = each
      printf "| %s | %d | %.2f | %.2f | %.2f | %.1f |\n", part[1], part[2], m, each, each / first[part[1]], peak[key] / 1024
    }
  }' "$work/figures"
