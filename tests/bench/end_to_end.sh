#!/usr/bin/env bash
# Times whole migrations of one table against what else moves the same rows, in
# alternation, and prints medians and ratios: this machine's speed drifts, so
# only figures of one run compare.
#
#   mysql2pgsql -j 1 and -j 4   into an empty table
#   psql \copy                  of a ready-made binary file: what PostgreSQL alone needs
#   mariadb | psql              the pipe that scripts use
#
# BENCH_ROWS (1000000), BENCH_RUNS (3), DBSYNC_BIN (bin). The figures of the last
# run go to tests/bench/RESULTS.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly rows=${BENCH_ROWS:-1000000} runs=${BENCH_RUNS:-3} bin=$(realpath "${DBSYNC_BIN:-bin}")
readonly servers=$PWD/tests/harness/servers.sh here=$PWD/tests/bench

work=$(mktemp -d "${TMPDIR:-/tmp}/dbsync-bench-XXXXXX")
chmod 755 "$work"
trap '"$servers" stop "$work/s" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
"$servers" start mariadb "$work/s" --innodb-buffer-pool-size=1G >/dev/null
"$servers" start postgres "$work/s" >/dev/null
mysql=(mariadb --no-defaults -uroot -S "$work/s/my.sock" --default-character-set=utf8mb4)
export PGHOST=$work/s PGUSER=postgres PGDATABASE=bench

echo "generating $rows rows" >&2
{ echo "set @rows = $rows;"; cat "$here/lineitem.sql"; } | "${mysql[@]}"
createdb -h "$PGHOST" -U postgres bench
cat >"$work/my.cfg" <<CFG
[src.mysql]
socket = "$work/s/my.sock"
user = "root"
db = "bench"
[desc.pgsql]
connect_string = "host=$PGHOST user=postgres dbname=bench"
CFG
"$bin/mysql2pgsql" -c "$work/my.cfg" -d --section pre-data | psql -q -v ON_ERROR_STOP=1 >/dev/null
"$bin/mysql2pgsql" -q -c "$work/my.cfg" 2>/dev/null
psql -qc "\\copy lineitem to '$work/rows.bin' (format binary)"

# CPU seconds of a server with its ended children, from /proc.
ticks=$(getconf CLK_TCK)
cpu_of() { awk -v t="$ticks" '{ sub(/^.*\) /, ""); print ($12 + $13 + $14 + $15) / t }' "/proc/$1/stat"; }
server_pid() { cat "$work/s/$1.pid"; }

ours() { "$bin/mysql2pgsql" -q -c "$work/my.cfg" -j "$1" 2>/dev/null; }
copy_file() { psql -qc "\\copy lineitem from '$work/rows.bin' (format binary)"; }
pipe() {
  "${mysql[@]}" --quick -B -N bench -e 'set time_zone = "+00:00"; select * from lineitem' |
    psql -qc "set timezone = 'UTC'" -c "\\copy lineitem from stdin (format text, null 'NULL')"
}

measure() { # name command…
  local name=$1 my pg my2 pg2 start end
  shift
  psql -qc 'truncate lineitem' -c checkpoint
  my=$(cpu_of "$(server_pid mariadb)") pg=$(cpu_of "$(server_pid postgres)")
  start=$EPOCHREALTIME
  local times
  exec 3>&1
  times=$( { TIMEFORMAT='%U %S'; time "$@" 1>&3 2>/dev/null; } 2>&1 )
  exec 3>&-
  end=$EPOCHREALTIME
  my2=$(cpu_of "$(server_pid mariadb)") pg2=$(cpu_of "$(server_pid postgres)")
  [ "$(psql -Atc 'select count(*) from lineitem')" = "$rows" ] || { echo "$name: wrong row count" >&2; exit 1; }
  awk -v n="$name" -v w="$(awk -v a="$start" -v b="$end" 'BEGIN { print b - a }')" -v t="$times" \
    -v s="$(awk -v a="$my" -v b="$my2" 'BEGIN { print b - a }')" -v p="$(awk -v a="$pg" -v b="$pg2" 'BEGIN { print b - a }')" \
    'BEGIN { split(t, u, " "); printf "%s\t%.2f\t%.2f\t%.2f\t%.2f\n", n, w, u[1] + u[2], s, p }' >>"$work/figures"
}

for run in $(seq "$runs"); do
  echo "run $run of $runs" >&2
  measure "mysql2pgsql -j 4" ours 4
  measure "psql copy of a binary file" copy_file
  measure "mysql2pgsql -j 1" ours 1
  measure "mariadb | psql" pipe
done

median() { # name column
  awk -F'\t' -v n="$1" -v c="$2" '$1 == n { print $c }' "$work/figures" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
{
  echo "# Benchmark: one table, $rows rows of 16 columns, medians of $runs runs in alternation"
  echo
  echo "$(date -u +%Y-%m-%d), $(nproc) cores, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo); MariaDB and PostgreSQL on the same machine."
  echo "Ratios are against \`psql \\copy\` of a ready-made binary file. CPU seconds: the client (first process only for the pipe), source server, target server."
  echo
  echo "| what | wall s | ratio | spread s | client CPU | source CPU | target CPU |"
  echo "|---|---|---|---|---|---|---|"
  base=$(median "psql copy of a binary file" 2)
  for name in "mysql2pgsql -j 4" "mysql2pgsql -j 1" "psql copy of a binary file" "mariadb | psql"; do
    wall=$(median "$name" 2)
    spread=$(awk -F'\t' -v n="$name" '$1 == n { print $2 }' "$work/figures" | sort -n | awk 'NR == 1 { a = $1 } { b = $1 } END { print a " to " b }')
    echo "| ${name/|/\\|} | $wall | $(awk -v a="$wall" -v b="$base" 'BEGIN { printf "%.2f", a / b }') | $spread | $(median "$name" 3) | $(median "$name" 4) | $(median "$name" 5) |"
  done
} | tee "$here/RESULTS.md"
