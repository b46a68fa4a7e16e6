#!/bin/sh
# Prints what breaks the rules of the code base; exit status 1 if anything does.
#
#   tests/lint/run.sh [ROOT]      ROOT: the repository, by default this one
#
# Needs a POSIX shell, awk and grep only. tests/lint/self_test.sh checks it.
set -u
lint=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$lint/../..}" || exit 1
LC_ALL=C
export LC_ALL

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

find common mysql2pgsql pgsql2pgsql tests -name '*.cpp' -o -name '*.h' 2>/dev/null | sort > "$tmp/files"
if [ ! -s "$tmp/files" ]; then
  echo "lint: no source files below $(pwd)"
  exit 1
fi
xargs awk -f "$lint/strip.awk" < "$tmp/files" > "$tmp/code" || exit 1
grep '#[[:blank:]]*include' "$tmp/code" > "$tmp/includes"
# Tests may do what they like with handles and threads.
grep -v '^tests/' "$tmp/code" > "$tmp/product"

# A check that could not run must not look like one that found nothing.
broken() {
  echo "lint: $1 could not run"
}

# forbid REGEX MESSAGE [ALLOWED]: lines of product code that match REGEX, except
# in paths that match ALLOWED.
forbid() {
  awk -F '\t' -v bad="$1" -v message="$2" -v allowed="${3:-^$}" \
    '$3 ~ bad && $1 !~ allowed { print $1 ":" $2 ": " message }' "$tmp/product" || broken "$1"
}

# forbid_include REGEX MESSAGE ALLOWED: the same for #include lines.
forbid_include() {
  awk -F '\t' -v bad="^[ \t]*#[ \t]*include[ \t]*[<\"]($1)[>\"]" -v message="$2" -v allowed="$3" \
    '$3 ~ bad && $1 !~ allowed { print $1 ":" $2 ": " message }' "$tmp/includes" || broken "$1"
}

# base <- config, format; base <- schema <- pg <- {status <- copy <- verify, cdc <- follow} <- check <- run <- programs,
# whose folders stand in an order of their own; only the last of them knows the program around it.
check_include_direction() {
  awk -F '\t' '
    BEGIN {
      may["base"] = " base "
      may["config"] = " base config "
      may["format"] = " base format "
      may["schema"] = " base schema "
      may["pg"] = " base format schema pg "
      may["copy"] = " base config format schema pg copy status "
      may["verify"] = " base config format schema pg copy verify "
      may["cdc"] = " base format schema pg cdc status "
      may["follow"] = " base config schema pg cdc status follow "
      may["status"] = " base schema pg status "
      may["check"] = " base config schema pg copy check "
      may["run"] = " base config schema pg copy cdc status follow verify check run "
      common = " run base config format schema pg copy cdc status follow verify check "
      program("mysql2pgsql", "client row expression schema source binlog")
      program("pgsql2pgsql", "schema source follow")
    }
    # The folders of a program, each of which may include those before it.
    function program(name, folders,   count, part, i, known) {
      count = split(folders, part, " ")
      known = common
      for (i = 1; i <= count; i++) {
        known = known name "/" part[i] " "
        may[name "/" part[i]] = known (i == count ? name " " : "")
      }
      may[name] = known name " "
    }
    function folder_of(path,   part, count) {
      count = split(path, part, "/")
      if (part[1] == "common") return part[2]
      return part[1] ~ /2pgsql$/ && count > 2 ? part[1] "/" part[2] : part[1]
    }
    $1 ~ /^tests\// || $3 !~ /"/ { next }
    {
      split($3, quoted, "\"")
      from = folder_of($1)
      if (quoted[2] ~ /(^|\/)\.\.?\//) {
        print $1 ":" $2 ": include with a relative path: " quoted[2]
      } else if (!(from in may)) {
        if (!told[from]++) print $1 ":" $2 ": tests/lint/run.sh does not know the folder " from
      } else if (quoted[2] ~ /\// && index(may[from], " " folder_of(quoted[2]) " ") == 0) {
        print $1 ":" $2 ": " from " must not include " quoted[2]
      }
    }' "$tmp/includes" || broken check_include_direction
}

check_library_headers() {
  forbid_include 'libpq-fe[.]h|libpq/.*|postgresql/.*' 'libpq belongs to common/pg' \
    '^(common/pg/|pgsql2pgsql/follow/replication_connection[.]|tests/)'
  forbid_include 'mysql[.]h|mysql/.*|mariadb/.*|mysqld_error[.]h|errmsg[.]h' \
    'MySQL headers are included by mysql2pgsql/client/mysql_client.h only' '^(mysql2pgsql/client/mysql_client[.]h$|tests/)'
  forbid_include 'ini[.]h' 'ini.h is included by common/config/ini_file.cpp only' '^common/config/ini_file[.]cpp$'
}

check_file_sizes() {
  xargs awk '
    function report() {
      if (path ~ /[.]h$/ && lines > 160) print path ": header of " lines " lines (at most 160)"
      if (path ~ /[.]cpp$/ && lines > 700) print path ": file of " lines " lines (at most 700)"
    }
    FNR == 1 { report(); path = FILENAME }
    { lines = FNR }
    END { report() }' < "$tmp/files" || broken check_file_sizes
}

check_function_sizes() {
  awk -v most=80 -f "$lint/functions.awk" "$tmp/code" || broken check_function_sizes
}

check_class_sizes() {
  awk -v most=250 -f "$lint/classes.awk" "$tmp/code" || broken check_class_sizes
}

check_lists() {
  awk -v most=4 -f "$lint/lists.awk" "$tmp/product" || broken check_lists
}

check_messages() {
  grep -v '^tests/' "$tmp/files" | xargs awk -f "$lint/messages.awk" || broken check_messages
}

check_raw_memory() {
  forbid '(^|[^A-Za-z0-9_])new[ (]' 'new: use a container or std::make_unique'
  forbid '(^|[^A-Za-z0-9_])delete[ []' 'delete: let the owner do it'
  forbid '(^|[^A-Za-z0-9_.>])(malloc|calloc|realloc|free)[ ]*[(]' 'malloc and free belong to common/format/copy_buffer' \
    '^common/format/copy_buffer[.]'
}

check_raw_handles() {
  forbid '(^|[^A-Za-z0-9_])(PQfinish|PQclear)([^A-Za-z0-9_]|$)' 'only the owning handle in common/pg ends this' \
    '^common/pg/'
  forbid '(^|[^A-Za-z0-9_])mysql_(close|stmt_close|free_result)([^A-Za-z0-9_]|$)' \
    'only the owning handle in mysql2pgsql/*/mysql_* ends this' '^mysql2pgsql/(client|row)/mysql_'
}

check_threads() {
  forbid 'std::j?thread([^A-Za-z0-9_:]|$)' 'threads are started by worker_pool, progress, shutdown, cancellation, network, targets_ahead, follow_job, follow_beside, task_lock, wait_watch and dump_relay only' \
    '^(common/(base/(worker_pool[.]|progress|shutdown[.]|cancellation[.]|network[.])|copy/targets_ahead[.]|cdc/follow_job[.]|follow/follow_beside[.]|status/task_lock[.]|pg/(wait_watch|dump_relay)[.]))'
}

check_blanks() {
  xargs grep -n "$(printf '\t')" /dev/null < "$tmp/files" | sed 's/^\([^:]*:[0-9]*\):.*/\1: tab/'
  xargs grep -n "[ $(printf '\r')]\$" /dev/null < "$tmp/files" | sed 's/^\([^:]*:[0-9]*\):.*/\1: blank at the end of the line/'
}

# Hints that name an option which is none. Those of other programs are in schema_dump.cpp.
check_options() {
  grep -hoE '[.]name = "[a-z0-9-]+"' common/config/*.cpp 2>/dev/null | cut -d '"' -f 2 > "$tmp/options"
  grep -v -e '^tests/' -e '/schema_dump[.]cpp$' "$tmp/files" | xargs awk -v known="$tmp/options" -f "$lint/options.awk" ||
    broken check_options
}

{
  check_include_direction
  check_library_headers
  check_file_sizes
  check_function_sizes
  check_class_sizes
  check_lists
  check_messages
  check_options
  check_raw_memory
  check_raw_handles
  check_threads
  check_blanks
} > "$tmp/found"

cat "$tmp/found"
found=$(($(wc -l < "$tmp/found")))
echo "lint: $(($(wc -l < "$tmp/files"))) files, $found offenders"
[ "$found" -eq 0 ]
