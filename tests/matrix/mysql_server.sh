#!/usr/bin/env bash
# Starts an Oracle MySQL server of the matrix: what tests/harness/servers.sh does
# for MariaDB.
#
#   mysql_server.sh start 5.6|sid PROGRAMS DIR [mysqld arguments]
#                                  listens on DIR/my.sock, user root, no password
#   mysql_server.sh stop DIR       ends it and waits for it
#
# Run by root, the server runs as nobody, who becomes the owner of DIR.
set -euo pipefail

readonly start_seconds=120 stop_seconds=60
here=$(cd "$(dirname "$0")" && pwd -P)

run_as=()
choose_user() {
  [ "$(id -u)" = 0 ] || return 0
  run_as=(setpriv "--reuid=$(id -u nobody)" "--regid=$(id -g nobody)" --clear-groups --)
  chown nobody "$1"
}

# Sets `server`, the command that runs mysqld, and `install`, which makes a new data
# directory.
choose_server() {
  local kind=$1 programs=$2
  case $kind in
    5.6)
      server=(env "LD_LIBRARY_PATH=$programs" "$programs/mysqld" --no-defaults "--basedir=$programs"
        "--lc-messages-dir=$programs/share" "--character-sets-dir=$programs/share/charsets"
        --explicit-defaults-for-timestamp --innodb-log-file-size=400M
        --innodb-file-format=Barracuda --innodb-large-prefix=ON)
      install=install_5_6 ;;
    sid)
      server=("$here/sid.sh" "$programs" /usr/sbin/mysqld --no-defaults "--basedir=$programs/usr" --mysqlx=OFF
        --secure-file-priv= --tls-version=)  # as the other servers: none of them has a certificate
      install=install_sid ;;
    *) echo "mysql_server.sh: no such server: $kind" >&2; exit 1 ;;
  esac
}

install_5_6() {
  local share=$1/share
  ${run_as[@]+"${run_as[@]}"} mkdir -p "$dir/data/mysql"
  { echo 'use mysql;'; cat "$share/mysql_system_tables.sql" "$share/mysql_system_tables_data.sql"; } |
    ${run_as[@]+"${run_as[@]}"} "${server[@]}" --bootstrap "--datadir=$dir/data" "--tmpdir=$dir" --log-warnings=0
}

install_sid() {
  ${run_as[@]+"${run_as[@]}"} "${server[@]}" --initialize-insecure "--datadir=$dir/data" "--tmpdir=$dir"
}

start() {
  local kind=$1 programs=$2
  dir=$3
  shift 3
  mkdir -p "$dir"
  choose_user "$dir"
  choose_server "$kind" "$programs"
  cd "$dir"
  [ -d "$dir/data" ] || "$install" "$programs" >"$dir/mysql.log" 2>&1 </dev/null || { tail -n 25 "$dir/mysql.log" >&2; exit 1; }
  rm -f "$dir/my.sock.lock" # of a server that was killed and not waited for yet
  setsid ${run_as[@]+"${run_as[@]}"} "${server[@]}" "--datadir=$dir/data" "--socket=$dir/my.sock" \
    "--pid-file=$dir/data/server.pid" "--tmpdir=$dir" --skip-networking --skip-name-resolve --log-bin=bin --server-id=1 \
    --binlog-format=ROW --sync-binlog=0 --innodb-buffer-pool-size=256M --innodb-flush-log-at-trx-commit=2 \
    --character-set-server=utf8mb4 --max-allowed-packet=1G "$@" </dev/null >>"$dir/mysql.log" 2>&1 &
  echo $! >"$dir/mysql.pid"
  local deadline=$((SECONDS + start_seconds))
  until mariadb --no-defaults --socket="$dir/my.sock" --user=root -e 'select 1' >/dev/null 2>&1; do
    if ! kill -0 "$(cat "$dir/mysql.pid")" 2>/dev/null || [ "$SECONDS" -ge "$deadline" ]; then
      tail -n 25 "$dir/mysql.log" >&2
      exit 1
    fi
    sleep 0.2
  done
  [ "$kind" != sid ] || give_hash_functions
}

# MySQL 9.6 moved md5() and sha1() into a component; the cases compare by md5.
give_hash_functions() {
  local sql="select md5('')"
  mariadb --no-defaults --socket="$dir/my.sock" --user=root -e "$sql" >/dev/null 2>&1 ||
    mariadb --no-defaults --socket="$dir/my.sock" --user=root -e "install component 'file://component_classic_hashing'"
}

stop() {
  [ -s "$1/mysql.pid" ] || return 0
  local pid deadline=$((SECONDS + stop_seconds))
  pid=$(cat "$1/mysql.pid")
  # An old file's number may belong to somebody else by now.
  tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "$1" || return 0
  kill -TERM "$pid"
  while kill -0 "$pid" 2>/dev/null; do
    [ "$SECONDS" -lt "$deadline" ] || kill -KILL "$pid" 2>/dev/null || true
    sleep 0.1
  done
  rm -f "$1/mysql.pid"
}

case ${1:-} in
  start) [ $# -ge 4 ] && shift && start "$@" ;;
  stop) [ $# = 2 ] && stop "$2" ;;
  *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 1 ;;
esac
