#!/bin/sh
# Checks tests/lint/run.sh: each rule must find its offender and nothing else.
# Prints what went wrong; exit status 1 if anything did.
set -u
lint=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
checks=0
failures=0

# file PATH: writes stdin there.
file() {
  mkdir -p "$tmp/tree/$(dirname "$1")"
  cat > "$tmp/tree/$1"
}

# expect WHAT [LINE]...: the lint of the tree prints exactly these lines.
expect() {
  what=$1
  shift
  checks=$((checks + 1))
  if [ $# -gt 0 ]; then printf '%s\n' "$@" | sort > "$tmp/wanted"; else : > "$tmp/wanted"; fi
  "$lint/run.sh" "$tmp/tree" > "$tmp/out"
  status=$?
  grep -v '^lint: ' "$tmp/out" | sort > "$tmp/got"
  if ! cmp -s "$tmp/wanted" "$tmp/got" || [ "$status" -ne $(($# > 0)) ]; then
    failures=$((failures + 1))
    echo "lint self test: $what: exit status $status, found:"
    cat "$tmp/got"
    echo "wanted:"
    cat "$tmp/wanted"
  fi
  rm -rf "$tmp/tree"
}

# function_of LINES [COMMENT]: a function that long.
function_of() {
  echo "void f(int a,"
  echo "       int b) {${2:-}"
  awk -v n="$(($1 - 3))" 'BEGIN { while (n-- > 0) print "  if (a) { b = {}; }" }'
  echo "}"
}

# Code that looks wrong to a careless search, and is not.
file common/copy/clean.cpp <<'END'
#include "copy/clean.h"  // not #include "cdc/x.h"
#include "base/error.h"
#include "schema/table.h"
#include "pg/connection.h"
#include <thread>
// new Thing, delete thing, std::thread, malloc(1); it's a "comment
/* new Thing(
   delete thing; */
const char* a = "new Thing; // delete x" "\"std::thread t";
const char* raw = R"sql(delete from t; "new x" )" std::thread )sql";
char q = '"'; int million = 1'000'000; char n = '\''; int new_value = 0; auto hex = 0xFF'FF; char c = 'a';
struct S { S(const S&) = delete; };
auto id = std::this_thread::get_id(); auto cores = std::thread::hardware_concurrency();
void g() { pool.free(1); renew (x); }
END
expect "clean code"

file common/config/a.cpp <<'END'
#include "base/error.h"
#include "pg/connection.h"
END
file common/base/a.h <<'END'
#include "config/config.h"
END
file common/pg/a.cpp <<'END'
#include "copy/copy_job.h"
#include "mysql2pgsql/schema/type_map.h"
END
file common/copy/a.cpp <<'END'
#include "cdc/change.h"
END
echo '#include "verify/verify_job.h"' | file common/copy/b.cpp
printf '%s\n' '#include "copy/copy_job.h"' '#include "cdc/change.h"' | file common/verify/a.cpp
file common/cdc/a.cpp <<'END'
  #  include "copy/chunk_sink.h"
END
file mysql2pgsql/a.cpp <<'END'
#include "mysql2pgsql/b.h"
#include "config/options.h"
#include "pgsql2pgsql/pg_source.h"
END
file mysql2pgsql/row/a.cpp <<'END'
#include "mysql2pgsql/client/b.h"
#include "mysql2pgsql/schema/b.h"
#include "mysql2pgsql/mysql_program.h"
END
echo '#include "mysql2pgsql/mysql_program.h"' | file mysql2pgsql/binlog/a.cpp
echo '#include "base/error.h"' | file mysql2pgsql/extra/a.cpp
file pgsql2pgsql/a.cpp <<'END'
#include "../mysql2pgsql/b.h"
#include "mysql2pgsql/b.h"
END
file common/extra/a.cpp <<'END'
#include "base/error.h"
#include "base/text.h"
END
expect "include direction" \
  "common/base/a.h:1: base must not include config/config.h" \
  "common/cdc/a.cpp:1: cdc must not include copy/chunk_sink.h" \
  "common/config/a.cpp:2: config must not include pg/connection.h" \
  "common/copy/a.cpp:1: copy must not include cdc/change.h" \
  "common/copy/b.cpp:1: copy must not include verify/verify_job.h" \
  "common/verify/a.cpp:2: verify must not include cdc/change.h" \
  "common/extra/a.cpp:1: tests/lint/run.sh does not know the folder extra" \
  "common/pg/a.cpp:1: pg must not include copy/copy_job.h" \
  "common/pg/a.cpp:2: pg must not include mysql2pgsql/schema/type_map.h" \
  "mysql2pgsql/a.cpp:3: mysql2pgsql must not include pgsql2pgsql/pg_source.h" \
  "mysql2pgsql/extra/a.cpp:1: tests/lint/run.sh does not know the folder mysql2pgsql/extra" \
  "mysql2pgsql/row/a.cpp:2: mysql2pgsql/row must not include mysql2pgsql/schema/b.h" \
  "mysql2pgsql/row/a.cpp:3: mysql2pgsql/row must not include mysql2pgsql/mysql_program.h" \
  "pgsql2pgsql/a.cpp:1: include with a relative path: ../mysql2pgsql/b.h" \
  "pgsql2pgsql/a.cpp:2: pgsql2pgsql must not include mysql2pgsql/b.h"

for path in common/pg/a.cpp common/copy/a.cpp pgsql2pgsql/follow/replication_connection.cpp pgsql2pgsql/a.cpp; do
  echo '#include <libpq-fe.h>' | file "$path"
done
for path in mysql2pgsql/client/mysql_client.h mysql2pgsql/row/mysql_cursor.cpp tests/unit/a_test.cpp; do
  printf '%s\n' '#include <mysql.h>' '#include <mysql/errmsg.h>' | file "$path"
done
echo '#include <ini.h>' | file common/config/ini_file.cpp
echo '#include <ini.h>' | file common/config/config.cpp
expect "library headers" \
  "common/copy/a.cpp:1: libpq belongs to common/pg" \
  "pgsql2pgsql/a.cpp:1: libpq belongs to common/pg" \
  "mysql2pgsql/row/mysql_cursor.cpp:1: MySQL headers are included by mysql2pgsql/client/mysql_client.h only" \
  "mysql2pgsql/row/mysql_cursor.cpp:2: MySQL headers are included by mysql2pgsql/client/mysql_client.h only" \
  "common/config/config.cpp:1: ini.h is included by common/config/ini_file.cpp only"

class_of() { # LINES
  echo "class C : public B {"
  awk -v n="$1" 'BEGIN { for (i = 2; i < n; ++i) print i % 2 ? "  void f() { g({1}); }" : "  int x;" }'
  echo "};"
}
class_of 250 | file common/base/fits.cpp
{ echo "namespace a {"; class_of 251; echo "}"; } | file common/base/large.cpp
expect "class sizes" "common/base/large.cpp:2: class C of 251 lines (at most 250)"

awk 'BEGIN { for (i = 0; i < 700; ++i) print "int x;" }' | file common/base/fits.cpp
awk 'BEGIN { for (i = 0; i < 701; ++i) print "int x;" }' | file common/base/long.cpp
awk 'BEGIN { for (i = 0; i < 160; ++i) print "int x;" }' | file common/base/fits.h
awk 'BEGIN { for (i = 0; i < 161; ++i) print "int x;" }' | file common/base/long.h
expect "file sizes" "common/base/long.cpp: file of 701 lines (at most 700)" \
  "common/base/long.h: header of 161 lines (at most 160)"

{ echo "namespace a {"; function_of 80; echo; function_of 81; echo "}"; } | file common/base/a.cpp
function_of 90 "  // lint: long-switch" | file common/base/b.cpp
{ echo "class C : public B<int> {"; echo " public:"; function_of 81; echo "};"; } | file common/base/c.cpp
{ echo "C::C() : a_{1},"; echo "    b_{} {"; function_of 79; echo "}"; } | file common/base/d.cpp
{ echo "const int table[] = {"; awk 'BEGIN { for (i = 0; i < 99; ++i) print "{f(1), 2}," }'; echo "};"; } | file common/base/e.cpp
{ echo "template <class T>"; function_of 80; } | file common/base/f.cpp
expect "function sizes" "common/base/a.cpp:83: function of 81 lines (at most 80)" \
  "common/base/c.cpp:2: function of 82 lines (at most 80)" \
  "common/base/d.cpp:1: function of 82 lines (at most 80)" \
  "common/base/f.cpp:1: function of 81 lines (at most 80)"

file common/schema/a.cpp <<'END'
auto* a = new Thing;
auto* b = new (place) Thing;
void f() { delete a; delete[] b; }
void* m = std::malloc(1);
void g() { free (m); }
std::thread t;
std::vector<std::jthread> pool;
void h() { PQclear(r); mysql_close(c); }
std::unique_ptr<MYSQL, decltype(&mysql_close)> p;
END
echo 'void* m = malloc(1);' | file common/format/copy_buffer.cpp
echo 'void f() { PQfinish(c); }' | file common/pg/connection.cpp
echo 'void f() { mysql_stmt_close(s); mysql_free_result(r); }' | file mysql2pgsql/row/mysql_cursor.cpp
echo 'std::jthread t;' | file common/base/progress_display.cpp
echo 'std::thread t; auto* p = new int;' | file tests/unit/a_test.cpp
expect "raw handles" \
  "common/schema/a.cpp:1: new: use a container or std::make_unique" \
  "common/schema/a.cpp:2: new: use a container or std::make_unique" \
  "common/schema/a.cpp:3: delete: let the owner do it" \
  "common/schema/a.cpp:4: malloc and free belong to common/format/copy_buffer" \
  "common/schema/a.cpp:5: malloc and free belong to common/format/copy_buffer" \
  "common/schema/a.cpp:6: threads are started by worker_pool, progress, shutdown, cancellation, network, targets_ahead, follow_job, follow_beside, task_lock, wait_watch and dump_relay only" \
  "common/schema/a.cpp:7: threads are started by worker_pool, progress, shutdown, cancellation, network, targets_ahead, follow_job, follow_beside, task_lock, wait_watch and dump_relay only" \
  "common/schema/a.cpp:8: only the owning handle in common/pg ends this" \
  "common/schema/a.cpp:8: only the owning handle in mysql2pgsql/*/mysql_* ends this" \
  "common/schema/a.cpp:9: only the owning handle in mysql2pgsql/*/mysql_* ends this"

printf 'int a;\tint b;\nint c; \nint d;\r\n' | file common/base/a.cpp
expect "blanks" "common/base/a.cpp:1: tab" "common/base/a.cpp:2: blank at the end of the line" \
  "common/base/a.cpp:3: blank at the end of the line"

file common/base/a.cpp <<'END'
Item a{Kind::load, task, {}, 0, true};
push({Kind::load, task, std::move(chunk), 0, true, false});
Item b{.kind = Kind::load, .task = task, .chunk = {}, .number = 0, .only = true};
Item c{Kind::load, task, {}, 0};
exec("insert", {run(), std::to_string(1), chunk.from, "x", 5, true});
enum class E { a, b, c, d, e, f };
const Row rows[] = {{"a", 1, true, x, f(1)}, {"b", 2, false, y, f(2)}};
for (const auto* part : {&a, &b, &c, &d, &e}) use(*part);
END
expect "lists without names" "common/base/a.cpp:1: a list of 5 values without their names" \
  "common/base/a.cpp:2: a list of 6 values without their names"

file common/base/a.cpp <<'END'
// "a text that stands in two files is not one in a comment"
throw Error("the table {} is of another "
            "kind than it was before");
throw Error("five words are a few");
exec("SELECT one FROM two WHERE three = four AND five = six");
END
file common/base/b.cpp <<'END'
throw Error("the table {} is of another kind than it was before");
throw Error("five words are a few");
exec("SELECT one FROM two WHERE three = four AND five = six");
const char* x = "a text that stands in two files is not one in a comment";
END
expect "messages that stand twice" "common/base/a.cpp:2: stands in common/base/b.cpp:1 as well:\
 \"the table {} is of another kind than it was before\""

file common/config/options.cpp <<'END'
const Option option{.name = "end-at"};
END
file common/base/a.cpp <<'END'
error.hint("--end-at now, or (with --end-it) later");  // --no-option is none in a comment
for (int i = n; i > 0; --i) f("it--runs");
END
expect "options that are none" "common/base/a.cpp:1: no option of the programs: --end-it"

echo "lint self test: $checks checks, $failures failed"
[ "$failures" -eq 0 ]
