#!/bin/sh
# Builds the Debian package of the installed tree and has lintian look at it.
#
#   share/debian/build.sh BUILD_DIR VERSION      (make deb does it)
#
# BUILD_DIR/root holds what `make install PREFIX=/usr` put there. Run from the
# top of the tree. Everything is made in BUILD_DIR; nothing is written elsewhere.
set -eu
build=$1 version=$2
here=$(cd "$(dirname "$0")" && pwd)

cd "$build"
rm -rf debian && mkdir debian
cp "$here/control" "$here/changelog" debian/
case "$(head -n 1 debian/changelog)" in
  "dbsync ($version) "*) ;;
  *) echo "share/debian/changelog does not begin with version $version (share/VERSION)" >&2; exit 1 ;;
esac

strip --remove-section=.comment --remove-section=.note root/usr/bin/*
find root/usr/share/man -name '*.1' -exec gzip -9n {} +
doc=root/usr/share/doc/dbsync
gzip -9n -c debian/changelog > "$doc/changelog.gz"
install -m 644 "$here/copyright" "$doc/copyright"
# Policy 12.3: long documents are compressed; sample files stay as they are.
find "$doc" -name '*.md' -size +4k -exec gzip -9n {} +

dpkg-shlibdeps -Tdebian/substvars root/usr/bin/mysql2pgsql root/usr/bin/pgsql2pgsql
mkdir root/DEBIAN
dpkg-gencontrol -pdbsync -Proot -Tdebian/substvars
(cd root && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum > DEBIAN/md5sums)
chmod 644 root/DEBIAN/md5sums
find root -type d -exec chmod 755 {} +
rm -f ./*.deb
dpkg-deb --root-owner-group --build root . >&2
for package in ./*.deb; do
  lintian --fail-on error,warning --allow-root "$package"
  echo "$build/${package#./}"
done
