#!/usr/bin/env bash
# Times whole migrations against what else moves the same rows, in alternation, and
# prints medians and ratios: this machine's speed drifts, so only figures of one run
# compare.
#
#   mysql2pgsql        with several workers, one, and one with tables left whole
#   psql \copy         of a ready-made binary file: what PostgreSQL alone needs
#   mariadb | psql     the pipe that scripts use
#   pgloader, mysql_fdw   when they are installed
#
# Tables: lineitem (BENCH_ROWS rows, 3000000), blobs and long text, a string key, a
# skewed key, and 200 small tables. BENCH_RUNS (3), DBSYNC_BIN (bin). BENCH_BEFORE
# names the bin of another build, which is measured in turn with this one. The figures
# of the last whole run without BENCH_BEFORE go to tests/bench/RESULTS.md.
#
# tests/bench/end_to_end.sh [lineitem] [wide] [words] [skewed] [small]    default: all
set -euo pipefail
# shellcheck source=tests/bench/begin.sh
. "$(dirname "$0")/begin.sh"
partial=${1:+yes} measured=("$@")
[ -n "$partial" ] || measured=(lineitem wide words skewed small)
before=${BENCH_BEFORE:+$(realpath "$BENCH_BEFORE")}
readonly before rows=${BENCH_ROWS:-3000000} runs=${BENCH_RUNS:-3}
readonly here=$PWD/tests/bench small_tables=200

export PGHOST=$work/s PGUSER=postgres PGDATABASE=bench
export MYSQL_UNIX_PORT=$work/s/my.sock # where mysql_fdw, inside of the target, looks for localhost
mysql=(mariadb --no-defaults -uroot -S "$work/s/my.sock" --default-character-set=utf8mb4)

# ------------------------------------------------------------------------ data
config() { # DATABASE
  cat >"$work/$1.cfg" <<CFG
[src.mysql]
socket = "$work/s/my.sock"
user = "root"
db = "$1"
[desc.pgsql]
connect_string = "host=$PGHOST user=postgres dbname=$1"
CFG
}

make_small_tables() {
  echo "create database small; use small;"
  for i in $(seq "$small_tables"); do
    echo "create table s$i (id int primary key, name varchar(40), at datetime);
          insert into s$i select seq, md5(seq), '2024-01-01' + interval seq second from seq_1_to_100;"
  done
}

make_data() {
  "$servers" start mariadb "$work/s" --innodb-buffer-pool-size=1G >/dev/null
  "$servers" start postgres "$work/s" >/dev/null
  echo "generating $rows rows" >&2
  { echo "set @rows = $rows;"; cat "$here/lineitem.sql" "$here/other_tables.sql"; } | "${mysql[@]}" >/dev/null
  make_small_tables | "${mysql[@]}"
  local db table
  for db in bench small; do
    createdb "$db"
    config "$db"
    "$bin/mysql2pgsql" -c "$work/$db.cfg" -d --section pre-data | psql -q -v ON_ERROR_STOP=1 "$db" >/dev/null
    "$bin/mysql2pgsql" -q -c "$work/$db.cfg"
  done
  for table in lineitem wide words skewed; do
    echo "$table" >"$work/$table.list"
    psql -qc "\\copy $table to '$work/$table.bin' (format binary)"
    expected[$table]=$(psql -Atc "select count(*) from $table")
  done
  expected[small]=$((small_tables * 100))
}

# ----------------------------------------------------------- what is measured
# Peak memory in KiB, where GNU time is installed.
meter=()
[ ! -x /usr/bin/time ] || meter=(/usr/bin/time -q -f %M -o "$work/memory")

ours_of() { # BIN TABLE option…
  local bin_of=$1 table=$2
  shift 2
  ${meter[@]+"${meter[@]}"} "$bin_of/mysql2pgsql" -q -c "$work/bench.cfg" -l "$work/$table.list" "$@"
}
ours_small() { ${meter[@]+"${meter[@]}"} "$1/mysql2pgsql" -q -c "$work/small.cfg" -j 8; }
copy_file() { psql -qc "\\copy $1 from '$work/$1.bin' (format binary)"; }
pipe() { # DATABASE TABLE [columns of the target's COPY as SQL for the source]
  "${mysql[@]}" --quick -B -N "$1" -e "set time_zone = '+00:00'; select ${3:-*} from $2" |
    psql -q -d "$1" -c "set timezone = 'UTC'" -c "\\copy $2 from stdin (format text, null 'NULL')"
}
# bytea as hexadecimal digits, with the backslash doubled for the text format.
pipe_wide() { pipe bench wide "id, concat('\\\\\\\\x', hex(picture)), page, note"; }
pipe_small() { for i in $(seq "$small_tables"); do pipe small "s$i"; done; }

pgloader_lineitem() {
  cat >"$work/pgloader.load" <<COMMANDS
LOAD DATABASE FROM mysql://root@unix:$work/s/my.sock:/bench INTO postgresql://postgres@unix:$PGHOST:5432/bench
WITH include drop, create tables, create no indexes, reset no sequences, no foreign keys
INCLUDING ONLY TABLE NAMES MATCHING 'lineitem'
ALTER SCHEMA 'bench' RENAME TO 'pgloader';
COMMANDS
  pgloader "$work/pgloader.load" >/dev/null
}

prepare_mysql_fdw() {
  psql -q -v ON_ERROR_STOP=1 <<'SQL'
create extension mysql_fdw;
create server my foreign data wrapper mysql_fdw options (host 'localhost');
create user mapping for postgres server my options (username 'root', password '');
create schema fdw;
select format('create foreign table fdw.lineitem (%s) server my options (dbname ''bench'', table_name ''lineitem'')',
              string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' order by attnum))
  from pg_attribute where attrelid = 'lineitem'::regclass and attnum > 0 \gexec
SQL
}
mysql_fdw_lineitem() { psql -qc "insert into lineitem select * from fdw.lineitem"; }

# ------------------------------------------------------------------- measuring
ticks=$(getconf CLK_TCK)
# CPU seconds of a server with its ended children, from /proc.
cpu_of() { awk -v t="$ticks" '{ sub(/^.*\) /, ""); print ($12 + $13 + $14 + $15) / t }' "/proc/$(cat "$work/s/$1.pid")/stat"; }
minus() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a - b }'; }

empty() { # TABLE: small, or one of bench
  if [ "$1" = small ]; then
    psql -qAt small -c "select 'truncate ' || string_agg(format('%I', relname), ', ') from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace" |
      psql -q small
  else
    psql -qc "truncate $1"
  fi
  psql -qc checkpoint
}

count() { # NAME TABLE
  case $1/$2 in
    */small) psql -qAt small -c "select 'select sum(n) from (' || string_agg(format('select count(*) n from %I', relname), ' union all ') || ') x' from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace" | psql -At small ;;
    pgloader/*) psql -Atc "select count(*) from pgloader.$2" ;;
    *) psql -Atc "select count(*) from $2" ;;
  esac
}

# Appends to figures: table, name, wall, client CPU, source CPU, target CPU, KiB.
measure() { # TABLE NAME command…
  local table=$1 name=$2 my pg start end times
  shift 2
  empty "$table"
  echo 0 >"$work/memory"
  my=$(cpu_of mariadb) pg=$(cpu_of postgres)
  start=$EPOCHREALTIME
  times=$({ TIMEFORMAT='%U %S'; time "$@" >/dev/null 2>"$work/errors"; } 2>&1) || { cat "$work/errors" >&2; return 1; }
  end=$EPOCHREALTIME
  my=$(minus "$(cpu_of mariadb)" "$my") pg=$(minus "$(cpu_of postgres)" "$pg")
  [ "$(count "$name" "$table")" = "${expected[$table]}" ] || { echo "$table, $name: wrong row count" >&2; return 1; }
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$table" "$name" "$(minus "$end" "$start")" \
    "$(awk -v t="$times" 'BEGIN { split(t, u, " "); print u[1] + u[2] }')" "$my" "$pg" "$(cat "$work/memory")" >>"$work/figures"
}

# True when a peer is installed and brings the rows over; else it is left out.
peer_works() { # PROGRAM-or-extension NAME command
  local figures
  "$1" || return 1
  figures=$(cat "$work/figures")
  if ! (measure lineitem "$2" "$3") 2>"$work/peer"; then
    echo "$2 is left out: $(tail -n 1 "$work/peer")" >&2
    return 1
  fi
  echo -n "${figures:+$figures$'\n'}" >"$work/figures"
}
has_pgloader() { command -v pgloader >/dev/null; }
has_mysql_fdw() {
  [ "$(psql -Atc "select count(*) from pg_available_extensions where name = 'mysql_fdw'")" = 1 ] && prepare_mysql_fdw >&2
}

# TABLE NAME command…: by ours, and by the other build where one is given, in an order
# that changes from round to round: what ran before leaves its mark. BIN in the command
# stands for the build.
both() {
  local table=$1 name=$2 order="$bin $before" each
  shift 2
  [ $((run % 2)) = 1 ] || order="$before $bin"
  for each in $order; do
    if [ "$each" = "$bin" ]; then measure "$table" "$name" "${@/#BIN/$each}"; else measure "$table" "$name, before" "${@/#BIN/$each}"; fi
  done
}
both_of() { # TABLE option…
  local table=$1
  shift
  both "$table" "mysql2pgsql $*" ours_of BIN "$table" "$@"
}

round_of_lineitem() {
  both_of lineitem -j 4
  measure lineitem "psql copy of a binary file" copy_file lineitem
  both_of lineitem -j 1
  both_of lineitem -j 1 --chunk-size 0
  measure lineitem "mariadb | psql" pipe bench lineitem
  both_of lineitem -j 8
  [ -z "$with_pgloader" ] || measure lineitem pgloader pgloader_lineitem
  [ -z "$with_mysql_fdw" ] || measure lineitem mysql_fdw mysql_fdw_lineitem
}

one_round() {
  local table
  for table in "${measured[@]}"; do
    case $table in
      lineitem) round_of_lineitem ;;
      small)
        both small "mysql2pgsql -j 8" ours_small BIN
        measure small "mariadb | psql" pipe_small
        ;;
      *)
        both_of "$table" -j 4
        measure "$table" "psql copy of a binary file" copy_file "$table"
        both_of "$table" -j 8
        if [ "$table" = wide ]; then measure wide "mariadb | psql" pipe_wide; else measure "$table" "mariadb | psql" pipe bench "$table"; fi
        ;;
    esac
  done
}

# --------------------------------------------------------------------- results
median() { # TABLE NAME COLUMN
  awk -F'\t' -v t="$1" -v n="$2" -v c="$3" '$1 == t && $2 == n { print $c }' "$work/figures" | sort -n |
    awk '{ v[NR] = $1 } END { print NR ? v[int((NR + 1) / 2)] : "" }'
}
wall() { median "$1" "$2" 3; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { if (a == "" || b == "") print "not installed"; else printf "%.2f", a / b }'; }

print_table() { # TABLE
  local base name spread
  echo
  echo "## $1, ${expected[$1]} rows"
  echo
  echo "| what | wall s | ratio | spread s | client CPU | source CPU | target CPU | peak MiB |"
  echo "|---|---|---|---|---|---|---|---|"
  base=$(wall "$1" "psql copy of a binary file")
  base=${base:-$(wall "$1" "mariadb | psql")}
  awk -F'\t' -v t="$1" '$1 == t && !seen[$2]++ { print $2 }' "$work/figures" | while read -r name; do
    spread=$(awk -F'\t' -v t="$1" -v n="$name" '$1 == t && $2 == n { print $3 }' "$work/figures" | sort -n |
      awk 'NR == 1 { a = $1 } { b = $1 } END { printf "%.2f to %.2f", a, b }')
    awk -v n="${name/|/\\\\|}" -v w="$(wall "$1" "$name")" -v b="$base" -v s="$spread" -v c="$(median "$1" "$name" 4)" \
      -v m="$(median "$1" "$name" 5)" -v p="$(median "$1" "$name" 6)" -v k="$(median "$1" "$name" 7)" \
      'BEGIN { printf "| %s | %.2f | %.2f | %s | %.2f | %.2f | %.2f | %s |\n", n, w, w / b, s, c, m, p, (k > 0 ? sprintf("%.1f", k / 1024) : "") }'
  done
}

line() { # MEASURE FIGURE MUST at-most|at-least
  awk -v m="$1" -v f="$2" -v must="$3" -v how="$4" 'BEGIN {
    met = f == "not installed" ? "" : (how == "at-most" ? f <= must + 0 : f >= must + 0) ? "yes" : "NO"
    printf "| %s | %s | %s %s | %s |\n", m, f, how == "at-most" ? "≤" : "≥", must, met }'
}

print_musts() {
  local j4 share memory
  j4=$(wall lineitem "mysql2pgsql -j 4")
  share=$(awk -v c="$(median lineitem "mysql2pgsql -j 4" 4)" -v s="$(median lineitem "mysql2pgsql -j 4" 5)" \
    -v t="$(median lineitem "mysql2pgsql -j 4" 6)" 'BEGIN { printf "%.0f", 100 * c / (s + t) }')
  memory=$(awk -F'\t' '$7 > m { m = $7 } END { if (m > 0) printf "%.1f", m / 1024; else print "not installed" }' "$work/figures")
  echo "| measure | figure | must | met |"
  echo "|---|---|---|---|"
  line "lineitem, -j 4: wall time against psql copy of a binary file" "$(ratio "$j4" "$(wall lineitem "psql copy of a binary file")")" 1.15 at-most
  line "lineitem, -j 4: times faster than the pipe" "$(ratio "$(wall lineitem "mariadb | psql")" "$j4")" 2.5 at-least
  line "lineitem, -j 4: times faster than pgloader" "$(ratio "$(wall lineitem pgloader)" "$j4")" 6 at-least
  line "lineitem, -j 4: CPU of the program, % of that of both servers" "$share" 25 at-most
  line "peak memory of the program, all tables, up to -j 8, MiB" "$memory" 64 at-most
  line "$small_tables small tables, -j 8: times faster than the pipe table by table" "$(ratio "$(wall small "mariadb | psql")" "$(wall small "mysql2pgsql -j 8")")" 5 at-least
  line "lineitem, -j 1: cut into chunks against whole" "$(ratio "$(wall lineitem "mysql2pgsql -j 1")" "$(wall lineitem "mysql2pgsql -j 1 --chunk-size 0")")" 1.03 at-most
}

print_results() {
  echo "# Benchmark: medians of $runs runs in alternation"
  echo
  echo "$(date -u +%Y-%m-%d), $(nproc) cores, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo);" \
    "$("${mysql[@]}" -Ne 'select version()'), PostgreSQL $(psql -Atc 'show server_version'), both on this machine."
  echo "Ratios are against \`psql \\copy\` of a ready-made binary file, for the small tables against the pipe. CPU in seconds:" \
    "client (all its processes; of pgloader and mysql_fdw what they start here), source server, target server. Peak: of mysql2pgsql."
  echo
  [ -n "$partial" ] || print_musts
  local table
  for table in "${measured[@]}"; do print_table "$table"; done
}

declare -A expected
: >"$work/figures"
make_data
with_pgloader='' with_mysql_fdw=''
if [[ " ${measured[*]} " = *" lineitem "* ]]; then
  if peer_works has_pgloader pgloader pgloader_lineitem; then with_pgloader=yes; fi
  if peer_works has_mysql_fdw mysql_fdw mysql_fdw_lineitem; then with_mysql_fdw=yes; fi
fi
for run in $(seq "$runs"); do
  echo "run $run of $runs" >&2
  one_round
done
if [ -n "$partial$before" ]; then print_results; else print_results | tee "$here/RESULTS.md"; fi
