-- What sessions wait for, one line each: other sessions, prepared
-- transactions, which have none, and on a standby what its primary must write. $1: their
-- processes; with $2 also those of this database whose application_name it is.
WITH ours AS (
  SELECT a.pid, a.wait_event_type FROM pg_catalog.pg_stat_activity a
   WHERE a.pid = ANY ($1::int[])
      OR ($2 <> '' AND a.application_name = $2 AND a.datname = pg_catalog.current_database())),
w AS (
  SELECT o.pid FROM ours o WHERE o.wait_event_type = 'Lock'),
b AS (
  SELECT DISTINCT pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) AS pid FROM w)
SELECT pg_catalog.format('process %s (%s, database %s%s, its transaction began %s s ago%s)', a.pid,
                         coalesce('user ' || a.usename::text, a.backend_type), coalesce(a.datname::text, '-'),
                         coalesce(', ' || nullif(a.application_name, ''), ''),
                         coalesce(round(extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start))::text, '?'),
                         coalesce(', ' || a.state || ': ' || nullif(CASE WHEN a.query ~* 'password' THEN '(not shown)' ELSE pg_catalog.left(a.query, 100) END, ''), ''))
  FROM b
  JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid
 WHERE a.pid NOT IN (SELECT o.pid FROM ours o)
UNION ALL
SELECT pg_catalog.format('the prepared transaction %L (user %s, database %s, prepared %s s ago): COMMIT PREPARED or ROLLBACK PREPARED ends it',
                         p.gid, p.owner, p.database, round(extract(epoch FROM pg_catalog.clock_timestamp() - p.prepared)))
  FROM pg_catalog.pg_prepared_xacts p
 WHERE EXISTS (SELECT 1 FROM b WHERE b.pid = 0)
UNION ALL
SELECT 'the primary of this standby to tell which transactions are open there, once those that have written have ended: SELECT pg_log_standby_snapshot() on the primary makes it do so at once'
  FROM pg_catalog.pg_stat_activity a
 WHERE a.pid = ANY ($1::int[]) AND a.backend_type = 'walsender' AND pg_catalog.pg_is_in_recovery()
