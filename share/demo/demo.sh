#!/usr/bin/env bash
# A sample migration from MariaDB to PostgreSQL on throw-away servers: loads a
# small shop, prints its DDL, migrates it, compares both sides and removes
# everything again. Exit status 0 only if both sides hold the same.
#
# DBSYNC_BIN: where the programs are (default: bin).
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
servers=$root/tests/harness/servers.sh
bin=$(cd "$root" && cd "${DBSYNC_BIN:-bin}" && pwd)
# The demo's accounts have no passwords; settings of the user's own servers are
# not for them.
unset MYSQL_PWD PGPASSWORD PGSERVICE PGOPTIONS

work=$(mktemp -d "${TMPDIR:-/tmp}/dbsync-demo-XXXXXX")
cleanup() {
  trap '' INT TERM
  "$servers" stop "$work" || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step=0
heading() {
  step=$((step + 1))
  printf '\n== %d. %s\n' "$step" "$1"
}

# Shows a command line and runs it.
show() {
  echo "\$ $*"
  "$@"
}

on_mysql() { mariadb --no-defaults --socket="$MYSQL_SOCKET" --user=root --default-character-set=utf8mb4 -N -B "$@"; }
on_postgres() { psql -X -q -A -t "$@"; }

heading "Start MariaDB and PostgreSQL in $work"
"$servers" start mariadb "$work"
"$servers" start postgres "$work"
eval "$("$servers" env "$work")"
on_mysql -e 'SELECT CONCAT("MariaDB ", version())'
on_postgres -c "SELECT 'PostgreSQL ' || current_setting('server_version')"

heading "Load the shop into MariaDB"
on_mysql -e 'CREATE DATABASE shop'
on_mysql shop <"$root/share/demo/shop.sql"
on_postgres -c 'CREATE DATABASE shop'

heading "Write my.cfg"
cd "$work"
cat >my.cfg <<CFG
[src.mysql]
socket = "$MYSQL_SOCKET"
user = "root"
db = "shop"

[desc.pgsql]
connect_string = "host=$PGHOST port=$PGPORT user=$PGUSER dbname=shop"
CFG
cat my.cfg

PATH=$bin:$PATH
heading "The DDL that the migration will use (first 40 lines)"
echo '$ mysql2pgsql -d'
mysql2pgsql -d >tables.sql
sed -n 1,40p tables.sql
echo "… $(wc -l <tables.sql) lines in all"

heading "Migrate: create the tables, four workers"
show mysql2pgsql --create -j 4 --report report.json

heading "Compare both sides"
failures=0
# One line: what, MariaDB's answer, PostgreSQL's, and whether they are the same.
compare() {
  local what=$1 mysql postgres verdict=same
  mysql=$(on_mysql shop -e "$2")
  postgres=$(on_postgres -d shop -c "$3")
  if [ "$mysql" != "$postgres" ]; then
    verdict=DIFFERENT
    failures=$((failures + 1))
  fi
  printf '%-34s %20s %20s  %s\n' "$what" "$mysql" "$postgres" "$verdict"
}
# The sum of each row's MD5 (its first 32 bits): the order of rows does not matter.
compare_content() { # WHAT TABLE MYSQL_EXPRESSION POSTGRES_EXPRESSION
  compare "$1" "SELECT CAST(SUM(CONV(LEFT(MD5($3), 8), 16, 10)) AS DECIMAL(20,0)) FROM $2" \
    "SELECT sum(('x' || left(md5($4), 8))::bit(32)::bigint) FROM $2"
}

printf '%-34s %20s %20s\n' "" MariaDB PostgreSQL
for table in customers products orders order_lines payments; do
  compare "$table, rows" "SELECT COUNT(*) FROM $table" "SELECT count(*) FROM $table"
done
compare "payments, sum of amounts" "SELECT SUM(amount) FROM payments" "SELECT sum(amount) FROM payments"
compare "order lines, sum of discounts" "SELECT SUM(discount) FROM order_lines" "SELECT sum(discount) FROM order_lines"
compare "customers without a city" "SELECT COUNT(*) FROM customers WHERE city IS NULL" \
  "SELECT count(*) FROM customers WHERE city IS NULL"
compare "longest customer name" "SELECT MAX(CHAR_LENGTH(name)) FROM customers" \
  "SELECT max(char_length(name)) FROM customers"
compare "latest payment" "SELECT DATE_FORMAT(MAX(paid_at), '%Y-%m-%d %H:%i') FROM payments" \
  "SELECT to_char(max(paid_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') FROM payments"
compare_content "customers, all text" customers "CONCAT_WS('|', id, name, email, city, birthday, interests, created_at)" \
  "concat_ws('|', id, name, email, city, birthday, interests, created_at)"
compare_content "products, JSON" products "attributes" "attributes::text"
compare_content "products, thumbnails (BLOB)" products "thumbnail" "thumbnail"
compare_content "orders, all values" orders "CONCAT_WS('|', id, customer_id, status, ordered_at, ship_by, note)" \
  "concat_ws('|', id, customer_id, status, to_char(ordered_at, 'YYYY-MM-DD HH24:MI:SS.MS'), ship_by, note)"
compare_content "order lines, all values" order_lines "CONCAT_WS('|', order_id, line_no, product_id, quantity, unit_price, discount)" \
  "concat_ws('|', order_id, line_no, product_id, quantity, unit_price, discount)"
compare_content "payments, references (VARBINARY)" payments "reference" "reference"

if [ "$failures" != 0 ]; then
  printf '\n%s comparisons differ\n' "$failures"
  exit 1
fi
printf '\nBoth sides hold the same.\n'
