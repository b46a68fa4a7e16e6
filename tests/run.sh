#!/usr/bin/env bash
# Runs tests and adds up the results.
#
#   tests/run.sh [lint | GTEST_BINARY]…
#
# "lint" is what make lint runs and counts as one test. The last line printed is
# "N passed, N failed, N skipped". Exit status 1 when a test failed, a binary
# crashed (which counts as a failure), a test is disabled, or none ran.
# GTEST_FILTER and the other variables of GoogleTest work as usual.
#
# The cases wait for servers more than they compute: DBSYNC_TEST_SHARDS processes (one
# more than cores), each with servers of its own, share them. Where the servers are
# given by DBSYNC_TEST_MYSQL or DBSYNC_TEST_PG, one process takes all.
set -uo pipefail

cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/dbsync-run-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT

passed=0 failed=0 skipped=0
notes=$work/notes # skipped tests with the reason, failed tests
: >"$notes"

# The sum of an attribute over the <testsuite> elements of a result file.
sum_attribute() { # FILE ATTRIBUTE
  sed -n "s/^ *<testsuite .* $2=\"\([0-9]*\)\".*/\1/p" "$1" | awk '{ n += $1 } END { print n + 0 }'
}

# "skipped  Suite.test: reason" from a result file. The reason's first line is
# the place in the source.
list_skipped() {
  awk '
    function attribute(line, name,   s) {
      if (!match(line, " " name "=\"[^\"]*\"")) return ""
      s = substr(line, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
      return s
    }
    /<testcase / { test = attribute($0, "classname") "." attribute($0, "name") }
    /<skipped / {
      reason = attribute($0, "message")
      sub(/^[^&]*&#x0A;/, "", reason)
      gsub(/&#x0A;/, " ", reason); gsub(/&quot;/, "\"", reason); gsub(/&apos;/, "\047", reason)
      gsub(/&lt;/, "<", reason); gsub(/&gt;/, ">", reason); gsub(/&amp;/, "\\&", reason)
      print "skipped  " test ": " reason
    }' "$1"
}

list_failed() { sed -n 's/^\[  FAILED  \] \([^ ,]*\).*([0-9]* ms)$/failed   \1/p' "$1"; }

count_lines() { grep -cE "$1" "$2" || true; }

# The result file is written at the end only: a crashed binary leaves none, and
# its output tells how far it came.
count_crashed() { # LOG NAME STATUS
  passed=$((passed + $(count_lines '^\[       OK \] .*\([0-9]+ ms\)' "$1")))
  failed=$((failed + $(count_lines '^\[  FAILED  \] .*\([0-9]+ ms\)' "$1") + 1))
  skipped=$((skipped + $(count_lines '^\[  SKIPPED \] .*\([0-9]+ ms\)' "$1")))
  local last
  last=$(sed -n 's/^\[ RUN      \] //p' "$1" | tail -n 1)
  echo "failed   $2 ended with status $3 in ${last:-its start}" >>"$notes"
}

# Adds up what a finished binary left in its log and its result file.
count_results() { # NAME LOG RESULTS STATUS
  local name=$1 log=$2 results=$3 status=$4
  list_failed "$log" >>"$notes"
  if [ ! -s "$results" ]; then
    count_crashed "$log" "$name" "$status"
    return
  fi
  local tests failures skips disabled
  tests=$(sum_attribute "$results" tests)
  failures=$(($(sum_attribute "$results" failures) + $(sum_attribute "$results" errors)))
  skips=$(sum_attribute "$results" skipped)
  disabled=$(sum_attribute "$results" disabled)
  list_skipped "$results" >>"$notes"
  if [ "$disabled" -gt 0 ]; then
    echo "failed   $name: $disabled disabled tests; mend or remove them" >>"$notes"
  fi
  passed=$((passed + tests - failures - skips - disabled))
  failed=$((failed + failures + disabled))
  skipped=$((skipped + skips))
  # All well, and then a crash on the way out.
  if [ "$status" != 0 ] && [ "$failures" = 0 ]; then
    failed=$((failed + 1))
    echo "failed   $name ended with status $status after its tests" >>"$notes"
  fi
}

run_binary() {
  local binary=$1 status=0
  rm -f "$work/results.xml"
  "$binary" "--gtest_output=xml:$work/results.xml" 2>&1 | tee "$work/log" || status=$?
  count_results "$binary" "$work/log" "$work/results.xml" "$status"
}

# Each line of the output begins with the number of its shard.
run_shards() { # BINARY SHARDS
  local binary=$1 shards=$2 i status
  local pids=()
  set -m # a process group each, so that an interrupt reaches all of it
  trap 'for pid in "${pids[@]}"; do kill -TERM -- "-$pid"; done 2>/dev/null; exit 130' INT TERM
  for ((i = 0; i < shards; ++i)); do
    rm -f "$work/results$i.xml"
    { GTEST_TOTAL_SHARDS=$shards GTEST_SHARD_INDEX=$i "$binary" "--gtest_output=xml:$work/results$i.xml" 2>&1 |
      tee "$work/log$i" | sed -u "s/^/$((i + 1)): /"; } &
    pids+=($!)
  done
  for ((i = 0; i < shards; ++i)); do
    status=0
    wait "${pids[i]}" || status=$?
    count_results "$binary (shard $((i + 1)) of $shards)" "$work/log$i" "$work/results$i.xml" "$status"
  done
  set +m
  trap - INT TERM
}

shards_of() { # BINARY
  case $1 in
    */cases) [ -n "${DBSYNC_TEST_MYSQL:-}${DBSYNC_TEST_PG:-}${GTEST_TOTAL_SHARDS:-}" ] && echo 1 || echo "${DBSYNC_TEST_SHARDS:-$(($(nproc) + 1))}" ;;
    *) echo 1 ;;
  esac
}

run_tests() {
  local shards
  shards=$(shards_of "$1")
  if [ "$shards" -gt 1 ]; then run_shards "$1" "$shards"; else run_binary "$1"; fi
}

run_lint() {
  if tests/lint/self_test.sh && tests/lint/format.sh && tests/lint/run.sh && tests/lint/tidy.sh hot; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "failed   lint" >>"$notes"
  fi
}

for target in "$@"; do
  if [ "$target" = lint ]; then run_lint; else run_tests "$target"; fi
done

echo
[ ! -s "$notes" ] || { cat "$notes"; echo; }
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
