-- Sessions of one run that wait behind a statement which waits for another session of the same
-- run: w and b with its statement. That other session keeps its lock to the run's end, so
-- that nobody ever goes on, and the server sees no deadlock. Transactions that are short are
-- none of a copy's or comparison's. $1: the processes of the run's sessions; with $2 also those of this
-- database whose application_name it is.
WITH ours AS (
  SELECT a.pid, a.xact_start < pg_catalog.clock_timestamp() - interval '10 s' AS stays FROM pg_catalog.pg_stat_activity a
  WHERE (a.pid = ANY ($1::int[]) AND a.pid <> pg_catalog.pg_backend_pid())
    OR ($2 <> '' AND a.application_name = $2 AND a.datname = pg_catalog.current_database())
), waits AS (
  SELECT a.pid, pg_catalog.unnest(pg_catalog.pg_blocking_pids(a.pid)) AS blocker
  FROM pg_catalog.pg_stat_activity a
  WHERE a.datname = pg_catalog.current_database() AND a.wait_event_type = 'Lock'
)
SELECT DISTINCT w.pid, b.pid, pg_catalog.left(a.query, 60)
FROM waits w
JOIN waits b ON b.pid = w.blocker
JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid
WHERE w.pid IN (SELECT pid FROM ours) AND b.pid NOT IN (SELECT pid FROM ours)
  AND b.blocker IN (SELECT pid FROM ours WHERE stays)
