# The cluster that DBSYNC_GREENPLUM names, a libpq connection string without a database: says
# which one it is, or ends with status 1 and why it is none. Sourced.
#
# With DBSYNC_GREENPLUM_STANDIN=yes any PostgreSQL server will do, to try the scripts
# themselves: nothing is proved then.
# shellcheck shell=bash
if [ -z "${DBSYNC_GREENPLUM:-}" ]; then
  echo 'greenplum: DBSYNC_GREENPLUM names no cluster; write DBSYNC_GREENPLUM="host=… port=5432 user=gpadmin"' >&2
  exit 1
fi
cluster_version=$(psql "$DBSYNC_GREENPLUM dbname=postgres" -qAtX -c 'select version()')
case $cluster_version in
*Greenplum* | *Cloudberry* | *HashData*) echo "greenplum: ${cluster_version%%, compiled*}" ;;
*)
  if [ "${DBSYNC_GREENPLUM_STANDIN:-}" != yes ]; then
    echo "greenplum: ${cluster_version%%, compiled*} has no segments; it would prove nothing" >&2
    exit 1
  fi
  echo "greenplum: ${cluster_version%%, compiled*} stands in, which proves nothing" >&2
  ;;
esac

# What a heap table of the cluster is made with.
distributed_by() { # COLUMN
  [ "${DBSYNC_GREENPLUM_STANDIN:-}" = yes ] || echo "with (appendonly=false) distributed by ($1)"
}
