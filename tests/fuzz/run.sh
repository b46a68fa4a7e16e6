#!/usr/bin/env bash
# Runs libFuzzer targets one after the other.
#
#   tests/fuzz/run.sh BUILD SECONDS TARGET…     BUILD holds fuzz_<target>
#
# What libFuzzer learns is kept in BUILD/corpus/<target>, so that the next run
# goes on from there; the seeds are in tests/fuzz/corpus/<target>. The input of a
# finding is saved in tests/fuzz/findings. The last lines are one per target;
# exit status 1 when there was a finding.
set -euo pipefail

cd "$(dirname "$0")/../.."
readonly longest=4096 slowest_input=10 memory_mb=2048
[ $# -ge 3 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 1; }
build=$1 seconds=$2
shift 2
findings=tests/fuzz/findings
mkdir -p "$findings"
summary=()
failed=0

for target in "$@"; do
  learned=$build/corpus/$target log=$build/$target.log
  mkdir -p "$learned"
  echo "fuzzing $target for $seconds s"
  status=0
  "$build/fuzz_$target" -max_total_time="$seconds" -max_len=$longest -timeout=$slowest_input -rss_limit_mb=$memory_mb \
    -print_final_stats=1 -artifact_prefix="$findings/$target-" "$learned" "tests/fuzz/corpus/$target" \
    >"$log" 2>&1 || status=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  if [ "$status" = 0 ]; then
    summary+=("$target: ${runs:-?} inputs, ${coverage:-?} edges, no finding")
  else
    failed=1
    tail -n 40 "$log"
    summary+=("$target: FINDING after ${runs:-?} inputs: $(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1), log $log")
  fi
done

echo
printf '%s\n' "${summary[@]}"
exit "$failed"
