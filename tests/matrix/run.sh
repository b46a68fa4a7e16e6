#!/usr/bin/env bash
# Runs the case suite against every combination of source and target server
# that can be had, and prints one line for each:
#
#   MySQL 5.6.24 -> PostgreSQL 12.22: 120 passed, 0 failed, 3 skipped
#   MySQL (unstable) -> …: not available: needs root (debootstrap)
#
#   tests/matrix/run.sh CASES_BINARY PROGRAMS_DIR
#
# DBSYNC_MATRIX_DIR      cache of servers and logs (default build/matrix)
# DBSYNC_MATRIX_SOURCES  of: mariadb mariadb-sid mysql-5.6 mysql-sid oracle-client
# DBSYNC_MATRIX_TARGETS  major versions of PostgreSQL
# DBSYNC_MATRIX_PAIRS    source:target, major versions of PostgreSQL for pgsql2pgsql;
#                        "here" is the installed version
# DBSYNC_MATRIX_REGRESSION  no: without PostgreSQL's own regression database
#
# oracle-client is the project built against Oracle's libmysqlclient, run
# against Oracle's newest server. Exit status 1 when a test failed; what is not
# available is no failure.
set -euo pipefail

cd "$(dirname "$0")/../.."
[ $# = 2 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 1; }
cases=$1 programs=$2
mkdir -p "${DBSYNC_MATRIX_DIR:-build/matrix}"
cache=$(cd "${DBSYNC_MATRIX_DIR:-build/matrix}" && pwd -P)
read -ra sources <<<"${DBSYNC_MATRIX_SOURCES-mariadb mariadb-sid mysql-5.6 mysql-sid oracle-client}"
read -ra targets <<<"${DBSYNC_MATRIX_TARGETS-12 14 16 18}"
read -ra pairs <<<"${DBSYNC_MATRIX_PAIRS-10:here 12:18 here:here 18:here}"

# shellcheck source=tests/matrix/fetch.sh
. tests/matrix/fetch.sh

work=$(mktemp -d "${TMPDIR:-/tmp}/dbsync-mx-XXXXXX")
chmod a+rx "$work"
# shellcheck disable=SC2317  # called by the trap
cleanup() {
  local server
  for server in "$work"/*/; do
    tests/harness/servers.sh stop "${server%/}" || true
    tests/matrix/mysql_server.sh stop "${server%/}" || true
  done
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

summary=()
failed=0
reason=
program_dir=
source_bin=$programs
own_servers=()

# ------------------------------------------------------------------ sources
# Built from a copy of the sources: the folder has a compiler of its own.
build_with_oracle_client() {
  fetch_sid_compiler || return 1
  local sid=$cache/sid log=$cache/oracle-client.log
  mkdir -p "$sid/src/dbsync"
  tar -cf - Makefile common mysql2pgsql pgsql2pgsql share tests/*/*.mk |
    tar -xf - -C "$sid/src/dbsync"
  chroot "$sid" make -C /src/dbsync -j2 MYSQL_PKG=mysqlclient BUILD=build/oracle BIN=build/oracle/bin programs \
    >"$log" 2>&1 || { reason="does not compile, see $log: $(grep -m1 -E '(error:|[*]{3}) ' "$log" | cut -c1-160)"; return 1; }
  source_bin=$work/bin
  mkdir -p "$source_bin"
  local program
  for program in mysql2pgsql pgsql2pgsql; do
    printf '#!/bin/sh\nexec "%s" "%s" "%s" "$@"\n' "$PWD/tests/matrix/sid.sh" "$sid" \
      "/src/dbsync/build/oracle/bin/$program" >"$source_bin/$program"
    chmod a+rx "$source_bin/$program"
  done
}

# start_mysql KIND: the server that fetch_… found, in $work/KIND.
start_mysql() {
  tests/matrix/mysql_server.sh start "$1" "$program_dir" "$work/$1" >"$work/start.log" 2>&1 && return 0
  reason="does not start: $(tail -n 1 "$work/start.log" | cut -c1-160)"
  return 1
}

# Sets source_dir; source_bin when the programs are others; own_servers, variables by which
# tests start more of the kind.
start_source() {
  source_bin=$programs
  own_servers=()
  case $1 in
    mariadb)
      source_dir=$work/mariadb
      tests/harness/servers.sh start mariadb "$source_dir" >"$work/start.log" 2>&1 ||
        { reason=$(tail -n 1 "$work/start.log"); return 1; } ;;
    mariadb-sid)
      source_dir=$work/mariadb-sid
      fetch_sid_mariadb || return 1
      own_servers=("MARIADB_BINDIR=$program_dir")
      MARIADB_BINDIR=$program_dir tests/harness/servers.sh start mariadb "$source_dir" >"$work/start.log" 2>&1 ||
        { reason=$(tail -n 1 "$work/start.log"); return 1; } ;;
    mysql-5.6)
      source_dir=$work/5.6
      fetch_mysql56 && start_mysql 5.6 && own_servers=("DBSYNC_OWN_MYSQL=5.6 $program_dir") ;;
    mysql-sid)
      source_dir=$work/sid
      fetch_sid && start_mysql sid && own_servers=("DBSYNC_OWN_MYSQL=sid $program_dir") ;;
    oracle-client)
      source_dir=$work/sid
      build_with_oracle_client && { [ -S "$source_dir/my.sock" ] || { fetch_sid && start_mysql sid; }; } ;;
    *) reason="unknown name"; return 1 ;;
  esac
}

source_name() { # NAME: with the version that the server tells
  local version
  version=$(mariadb --no-defaults --socket="$source_dir/my.sock" --user=root -N -e 'select version()')
  case $1 in
    mariadb | mariadb-sid) echo "MariaDB ${version%%-*}" ;;
    oracle-client) echo "MySQL ${version%%-*} (with Oracle's client library)" ;;
    *) echo "MySQL ${version%%-*}" ;;
  esac
}

# ------------------------------------------------------------------ targets
start_target() { # MAJOR: sets target_dir
  target_dir=$work/pg$1
  [ ! -e "$target_dir/ready" ] || return 0
  program_dir=
  [ "$1" = here ] || fetch_postgres "$1" || return 1
  PG_BINDIR=$program_dir tests/harness/servers.sh start postgres "$target_dir" >"$work/start.log" 2>&1 ||
    { reason="does not start: $(tail -n 1 "$work/start.log" | cut -c1-160)"; return 1; }
  touch "$target_dir/ready"
}

server_name() { # DIR
  echo "PostgreSQL $(psql -X -At -h "$1" -U postgres -c 'show server_version' | cut -d' ' -f1)"
}

# -------------------------------------------------------------------- cases
run_cases() { # LABEL LOG FILTER VARIABLE=VALUE…
  local label=$1 log=$2 filter=$3 result
  shift 3
  echo "=== $label"
  if ! env GTEST_FILTER="${GTEST_FILTER:-$filter}" "$@" tests/run.sh "$cases" >"$log" 2>&1; then
    failed=1
    grep '^failed ' "$log" || true
  fi
  result=$(tail -n 1 "$log")
  echo "$result"
  summary+=("$label: $result")
}

on_server() { echo "host=$1 port=5432 user=postgres"; } # DIR

for source in "${sources[@]}"; do
  if ! start_source "$source"; then
    summary+=("$source: not available: $reason")
    [ "$source" != oracle-client ] || case $reason in "does not compile"*) failed=1 ;; esac
    continue
  fi
  name=$(source_name "$source")
  for target in "${targets[@]}"; do
    if start_target "$target"; then
      run_cases "$name -> $(server_name "$target_dir")" "$cache/$source-pg$target.log" '*:-Follow*:DarkFollow*:GrantsFollow*:TaskLockFollow*:*Pg*:Cases.pg_*' \
        "${own_servers[@]}" DBSYNC_BIN="$source_bin" DBSYNC_TEST_MYSQL="socket=$source_dir/my.sock;user=root" \
        DBSYNC_TEST_PG="$(on_server "$target_dir")"
    else
      summary+=("$name -> PostgreSQL $target: not available: $reason")
    fi
  done
done

# ------------------------------------------------------------ PostgreSQL pairs
# With a pg_dump at least as new as both.
run_pair() { # SOURCE TARGET
  local source_dir source_programs log=$cache/pg$1-pg$2.log path=$PATH
  start_target "$1" || return 1
  source_dir=$target_dir
  source_programs=
  [ "$1" = here ] || { fetch_postgres "$1" && source_programs=$program_dir; }
  if [ "$(printf '%s\n' "0${1#here}" "0${2#here}" | sort -n | tail -n 1)" -gt "$(pg_dump --version | sed 's/.* \([0-9]*\)\..*/\1/')" ]; then
    fetch_newest_pg_client || return 1
    path=$program_dir:$PATH
  fi
  start_target "$2" || return 1
  run_cases "$(server_name "$source_dir") -> $(server_name "$target_dir")" "$log" '*Follow*:*Pg*:Cases.pg_*' \
    DBSYNC_BIN="$programs" PATH="$path" DBSYNC_TEST_PG_SOURCE="$(on_server "$source_dir")" \
    DBSYNC_TEST_PG_SOURCE_PROGRAMS="$source_programs" \
    DBSYNC_TEST_PG="$(on_server "$target_dir")"
}

install_extensions
for pair in "${pairs[@]}"; do
  run_pair "${pair%:*}" "${pair#*:}" || summary+=("PostgreSQL ${pair%:*} -> ${pair#*:}: not available: $reason")
done

# ------------------------------------------- PostgreSQL's regression database
run_regression() {
  fetch_regress || return 1
  local label log=$cache/regression.log
  label="PostgreSQL's regression database (${program_dir##*/regress-})"
  echo "=== $label"
  tests/matrix/regression.sh "$programs" "$program_dir" >"$log" 2>&1 || { failed=1; grep -v '^passed ' "$log" || true; }
  tail -n 1 "$log"
  summary+=("$label: $(tail -n 1 "$log")")
}

if [ "${DBSYNC_MATRIX_REGRESSION-yes}" = yes ]; then
  run_regression || summary+=("PostgreSQL's regression database: not available: $reason")
fi

echo
echo "logs: $cache/*-pg<target>.log"
printf '%s\n' "${summary[@]}"
exit "$failed"
