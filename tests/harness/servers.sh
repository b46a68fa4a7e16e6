#!/usr/bin/env bash
# Starts and stops throw-away database servers in a directory: for the tests,
# the demo and the benchmarks.
#
#   servers.sh start mariadb  DIR [mariadbd arguments]   listens on DIR/my.sock, user root
#   servers.sh start postgres DIR [postgres arguments]   listens in DIR, port 5432, user postgres
#   servers.sh stop DIR                                  ends the servers of DIR and of the directories
#                                                        in it, and waits for them
#   servers.sh guard DIR                                 waits for the end of stdin, then stops the
#                                                        servers of DIR and of the directories in
#                                                        it, and removes it
#   servers.sh env DIR                                   prints MYSQL_SOCKET and PG* for eval
#
# Unix sockets only, no passwords, nothing durable: never for data of worth.
# Run by root, the servers run as the user postgres or else nobody, who becomes
# the owner of DIR and must be able to reach it. Started again in the same DIR,
# a server finds its data as it left them.
#
# PG_BINDIR chooses another PostgreSQL, MARIADB_BINDIR another MariaDB.
set -euo pipefail

readonly start_seconds=60 stop_seconds=20
export LC_ALL=C.UTF-8

fail() {
  echo "servers.sh: $*" >&2
  exit 1
}

# The last lines of a server's log, for a failure that needs explaining.
fail_with_log() {
  local log=$1
  shift
  echo "servers.sh: $*; the last lines of $log:" >&2
  tail -n 25 "$log" >&2 || true
  exit 1
}

# ------------------------------------------------------------ who runs a server
run_as=()
choose_user() {
  [ "$(id -u)" = 0 ] || return 0
  local user
  for user in postgres nobody; do
    if id "$user" >/dev/null 2>&1; then
      run_as=(setpriv "--reuid=$(id -u "$user")" "--regid=$(id -g "$user")" --clear-groups --)
      chown "$(id -u "$user"):$(id -g "$user")" "$1"
      return 0
    fi
  done
  fail "servers do not run as root, and there is neither a user postgres nor nobody"
}

prepare_dir() {
  mkdir -p "$1"
  dir=$(cd "$1" && pwd -P)
  [ "${#dir}" -lt 80 ] || fail "$dir: too long a path for unix sockets; set TMPDIR to a shorter one"
  choose_user "$dir"
  cd "$dir" # the server's user may not be allowed into the caller's
}

# Runs a server in its own session, so that Ctrl-C at a terminal reaches only
# the script that will stop it in order. setsid and setpriv replace themselves
# by what they run: $! is the server.
launch() {
  local name=$1
  shift
  setsid ${run_as[@]+"${run_as[@]}"} "$@" </dev/null >>"$dir/$name.log" 2>&1 &
  echo $! >"$dir/$name.pid"
}

# True while the process of a pid file lives and is a server of this directory:
# a number from an old file may belong to somebody else by now.
alive() {
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 1
  [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null || return 1
  tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "$dir"
}

wait_until_ready() {
  local name=$1 deadline=$((SECONDS + start_seconds))
  shift
  until "$@" >/dev/null 2>&1; do
    # setsid needs a moment to become the server; a dead pid says it all.
    kill -0 "$(cat "$dir/$name.pid")" 2>/dev/null || fail_with_log "$dir/$name.log" "$name ended while starting"
    [ "$SECONDS" -lt "$deadline" ] || fail_with_log "$dir/$name.log" "$name does not answer after $start_seconds s"
    sleep 0.1
  done
}

# ---------------------------------------------------------------------- MariaDB
find_program() { # NAME DIR…: the first directory that has it, then PATH
  local name=$1 candidate
  shift
  for candidate in "$@"; do
    [ -x "$candidate/$name" ] && echo "$candidate/$name" && return 0
  done
  command -v "$name" || fail "no program $name here; share/install-deps.sh test installs it"
}

mariadb_answers() { "$mariadb_client" --no-defaults --socket="$dir/my.sock" --user=root -e 'select 1'; }

start_mariadb() {
  local server install
  server=$(find_program mariadbd ${MARIADB_BINDIR:+"$MARIADB_BINDIR"} /usr/sbin /usr/libexec)
  install=$(find_program mariadb-install-db ${MARIADB_BINDIR:+"$MARIADB_BINDIR"})
  mariadb_client=$(find_program mariadb ${MARIADB_BINDIR:+"$MARIADB_BINDIR"})
  if [ ! -d "$dir/mariadb" ]; then
    ${run_as[@]+"${run_as[@]}"} "$install" --no-defaults --datadir="$dir/mariadb" --tmpdir="$dir" --skip-test-db \
      --auth-root-authentication-method=normal >"$dir/mariadb.log" 2>&1 </dev/null ||
      fail_with_log "$dir/mariadb.log" "mariadb-install-db failed"
  fi
  launch mariadb "$server" --no-defaults --datadir="$dir/mariadb" --socket="$dir/my.sock" \
    --pid-file="$dir/mariadb/server.pid" --tmpdir="$dir" --skip-networking --skip-name-resolve \
    --log-bin=bin --server-id=1 --binlog-format=ROW --sync-binlog=0 \
    --innodb-buffer-pool-size=256M --innodb-log-file-size=256M --innodb-flush-log-at-trx-commit=2 \
    --character-set-server=utf8mb4 --max-allowed-packet=1G "$@"
  wait_until_ready mariadb mariadb_answers
}

# ------------------------------------------------------------------- PostgreSQL
newest_pg_bindir() {
  local newest
  newest=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  [ -x "$newest/initdb" ] && echo "$newest"
}

# The status line of the server's own pid file (PostgreSQL 10 and later): needs
# no client program.
postgres_ready() { sed -n 8p "$dir/postgres/postmaster.pid" | grep -q '^ready'; }

start_postgres() {
  local bindir=${PG_BINDIR:-} locale=C.UTF-8 initdb server
  [ -n "$bindir" ] || bindir=$(newest_pg_bindir) || true
  initdb=$(find_program initdb ${bindir:+"$bindir"})
  server=$(find_program postgres ${bindir:+"$bindir"})
  locale -a 2>/dev/null | grep -qiE '^C\.utf-?8$' || locale=C
  if [ ! -d "$dir/postgres" ]; then
    ${run_as[@]+"${run_as[@]}"} "$initdb" -D "$dir/postgres" -U postgres -A trust --locale="$locale" -E UTF8 \
      --no-sync >"$dir/postgres.log" 2>&1 </dev/null ||
      fail_with_log "$dir/postgres.log" "initdb failed"
  fi
  rm -f "$dir/postgres/postmaster.pid" "$dir/.s.PGSQL.5432.lock" # left by a server that was killed
  launch postgres "$server" -D "$dir/postgres" -k "$dir" -p 5432 -c listen_addresses= \
    -c fsync=off -c full_page_writes=off -c log_checkpoints=off -c wal_level=logical \
    -c max_wal_size=4GB "$@"
  wait_until_ready postgres postgres_ready
}

# ------------------------------------------------------------------ start, stop
start() {
  local kind=$1
  prepare_dir "$2"
  shift 2
  case $kind in
    mariadb | postgres) ;;
    *) fail "no such server: $kind; mariadb and postgres are known" ;;
  esac
  alive "$dir/$kind.pid" && fail "$kind runs in $dir already"
  "start_$kind" "$@"
}

stop() {
  [ -d "$1" ] || return 0
  local below
  for below in "$1"/*/; do # servers with other settings, each in a directory of its own
    if compgen -G "$below*.pid" >/dev/null && [ -d "$below/postgres" ]; then stop "$below"; fi
  done
  dir=$(cd "$1" && pwd -P)
  local name deadline=$((SECONDS + stop_seconds))
  # INT is PostgreSQL's fast shutdown: TERM would wait for its clients.
  alive "$dir/postgres.pid" && kill -INT "$(cat "$dir/postgres.pid")"
  alive "$dir/mariadb.pid" && kill -TERM "$(cat "$dir/mariadb.pid")"
  for name in postgres mariadb; do
    while alive "$dir/$name.pid"; do
      if [ "$SECONDS" -ge "$deadline" ]; then
        echo "servers.sh: $name does not stop, killing it" >&2
        kill -KILL "$(cat "$dir/$name.pid")" 2>/dev/null || true
      fi
      sleep 0.1
    done
    rm -f "$dir/$name.pid"
  done
}

guard() {
  trap '' INT TERM HUP
  cat >/dev/null
  local pid_file
  for pid_file in "$1"/*/*.pid; do
    if [ -e "$pid_file" ]; then stop "${pid_file%/*}"; fi
  done
  stop "$1"
  rm -rf -- "$1"
}

print_env() {
  dir=$(cd "$1" && pwd -P)
  printf 'MYSQL_SOCKET=%q\nexport PGHOST=%q PGPORT=5432 PGUSER=postgres\n' "$dir/my.sock" "$dir"
}

usage() {
  sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
  exit 1
}

case ${1:-} in
  start) [ $# -ge 3 ] || usage; shift; start "$@" ;;
  stop | guard) [ $# -eq 2 ] || usage; "$1" "$2" ;;
  env) [ $# -eq 2 ] || usage; print_env "$2" ;;
  *) usage ;;
esac
