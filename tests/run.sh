#!/usr/bin/env bash
# Runs tests and adds up the results.
#
#   tests/run.sh [lint | GTEST_BINARY]…
#
# "lint" is what make lint runs and counts as one test. The last line printed is
# "N passed, N failed, N skipped". Exit status 1 when a test failed, a binary
# crashed (which counts as a failure), a test is disabled, or none ran.
# GTEST_FILTER and the other variables of GoogleTest work as usual.
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
count_crashed() { # LOG BINARY STATUS
  passed=$((passed + $(count_lines '^\[       OK \] .*\([0-9]+ ms\)' "$1")))
  failed=$((failed + $(count_lines '^\[  FAILED  \] .*\([0-9]+ ms\)' "$1") + 1))
  skipped=$((skipped + $(count_lines '^\[  SKIPPED \] .*\([0-9]+ ms\)' "$1")))
  local last
  last=$(sed -n 's/^\[ RUN      \] //p' "$1" | tail -n 1)
  echo "failed   $2 ended with status $3 in ${last:-its start}" >>"$notes"
}

run_binary() {
  local binary=$1 status=0
  local log=$work/log results=$work/results.xml
  rm -f "$results"
  "$binary" "--gtest_output=xml:$results" 2>&1 | tee "$log" || status=$?
  list_failed "$log" >>"$notes"
  if [ ! -s "$results" ]; then
    count_crashed "$log" "$binary" "$status"
    return
  fi
  local tests failures skips disabled
  tests=$(sum_attribute "$results" tests)
  failures=$(($(sum_attribute "$results" failures) + $(sum_attribute "$results" errors)))
  skips=$(sum_attribute "$results" skipped)
  disabled=$(sum_attribute "$results" disabled)
  list_skipped "$results" >>"$notes"
  if [ "$disabled" -gt 0 ]; then
    echo "failed   $binary: $disabled disabled tests; mend or remove them" >>"$notes"
  fi
  passed=$((passed + tests - failures - skips - disabled))
  failed=$((failed + failures + disabled))
  skipped=$((skipped + skips))
  # All well, and then a crash on the way out.
  if [ "$status" != 0 ] && [ "$failures" = 0 ]; then
    failed=$((failed + 1))
    echo "failed   $binary ended with status $status after its tests" >>"$notes"
  fi
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
  if [ "$target" = lint ]; then run_lint; else run_binary "$target"; fi
done

echo
[ ! -s "$notes" ] || { cat "$notes"; echo; }
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
