#!/usr/bin/env bash
# Times --verify-only against the load of the same rows, in alternation, and lets it
# find one flipped bit.
#
# Tables: lineitem (BENCH_ROWS rows, 3000000), from MariaDB to PostgreSQL and from
# one PostgreSQL database to another. BENCH_RUNS (3), BENCH_JOBS (4), DBSYNC_BIN (bin);
# BENCH_BEFORE names the bin of another build, whose --verify-only is measured in turn.
set -euo pipefail
# shellcheck source=tests/bench/begin.sh
. "$(dirname "$0")/begin.sh"
before=${BENCH_BEFORE:+$(realpath "$BENCH_BEFORE")}
readonly before rows=${BENCH_ROWS:-3000000} runs=${BENCH_RUNS:-3} jobs=${BENCH_JOBS:-4}
readonly here=$PWD/tests/bench

export PGHOST=$work/s PGUSER=postgres PGDATABASE=bench
mysql=(mariadb --no-defaults -uroot -S "$work/s/my.sock" --default-character-set=utf8mb4)

config() { # NAME TARGET source lines on stdin
  { cat; printf '[desc.pgsql]\nconnect_string = "host=%s user=postgres dbname=%s"\n' "$PGHOST" "$2"; } >"$work/$1.cfg"
}

"$servers" start mariadb "$work/s" --innodb-buffer-pool-size=1G >/dev/null
"$servers" start postgres "$work/s" >/dev/null
echo "generating $rows rows" >&2
{ echo "set @rows = $rows;"; cat "$here/lineitem.sql"; } | "${mysql[@]}" >/dev/null
createdb bench
createdb second
printf '[src.mysql]\nsocket = "%s"\nuser = "root"\ndb = "bench"\n' "$work/s/my.sock" | config mysql2pgsql bench
printf '[src.pgsql]\nconnect_string = "host=%s user=postgres dbname=bench"\n' "$PGHOST" | config pgsql2pgsql second
echo lineitem >"$work/list"
cd "$work"

meter=()
[ ! -x /usr/bin/time ] || meter=(/usr/bin/time -q -f %M -o "$work/memory")

ours() { run_of "$bin" "$@"; } # PROGRAM option…
run_of() { # BIN PROGRAM option…
  local bin_of=$1 program=$2
  shift 2
  ${meter[@]+"${meter[@]}"} "$bin_of/$program" -q -c "$work/$program.cfg" -l "$work/list" -j "$jobs" "$@"
}

measure() { # NAME command…
  local name=$1 start
  shift
  psql -qc checkpoint
  echo 0 >"$work/memory"
  start=$EPOCHREALTIME
  "$@" >/dev/null 2>"$work/errors" || { cat "$work/errors" >&2; return 1; }
  printf '%s\t%s\t%s\n' "$name" "$(awk -v a="$EPOCHREALTIME" -v b="$start" 'BEGIN { printf "%.3f", a - b }')" \
    "$(cat "$work/memory")" >>"$work/figures"
}

must_find() { # PROGRAM DATABASE
  psql -qd "$2" -c "alter table lineitem add primary key (id)"
  psql -qd "$2" -c "update lineitem set instruct = chr(ascii(instruct) # 1) || substr(instruct, 2)
                    where ctid = (select ctid from lineitem offset $((rows / 2)) limit 1)"
  local status=0
  ours "$1" --verify-only >/dev/null 2>"$work/errors" || status=$?
  [ "$status" = 5 ] && [ "$(wc -l <"$work/verify.jsonl")" = 1 ] || { cat "$work/errors" >&2; echo "$1 did not find the flipped bit" >&2; return 1; }
  cat "$work/verify.jsonl"
}

declare -A database=([mysql2pgsql]=bench [pgsql2pgsql]=second)
full() { [ "$1" = mysql2pgsql ] || echo --full-only; }
for program in mysql2pgsql pgsql2pgsql; do
  # Without indexes, as --create loads.
  "$bin/$program" -c "$work/$program.cfg" -d --section pre-data | psql -qd "${database[$program]}" >/dev/null
  for _ in $(seq "$runs"); do
    psql -qd "${database[$program]}" -c "truncate lineitem"
    measure "$program load" ours "$program" $(full "$program") --append
    measure "$program --verify-only" ours "$program" --verify-only
    [ -z "$before" ] || measure "$program --verify-only, before" run_of "$before" "$program" --verify-only
  done
done
echo "| what | wall s | spread s | peak MiB |"
echo "|---|---|---|---|"
cut -f1 "$work/figures" | awk '!seen[$0]++' | while read -r name; do
  awk -F'\t' -v n="$name" '$1 == n { print $2, $3 }' "$work/figures" | sort -n |
    awk -v n="$name" '{ v[NR] = $1; if ($2 > m) m = $2 } END { printf "| %s | %.2f | %.2f to %.2f | %.1f |\n", n, v[int((NR + 1) / 2)], v[1], v[NR], m / 1024 }'
done
for program in mysql2pgsql pgsql2pgsql; do
  awk -F'\t' -v p="$program" '$1 == p " load" { l[++a] = $2 } $1 == p " --verify-only" { v[++b] = $2 }
    function median(x, n,   i, j, t) { for (i = 1; i <= n; ++i) for (j = i + 1; j <= n; ++j) if (x[j] < x[i]) { t = x[i]; x[i] = x[j]; x[j] = t } return x[int((n + 1) / 2)] }
    END { printf "%s: verify : load = %.2f\n", p, median(v, b) / median(l, a) }' "$work/figures"
done
echo "one flipped bit in $rows rows:"
must_find pgsql2pgsql second
must_find mysql2pgsql bench
