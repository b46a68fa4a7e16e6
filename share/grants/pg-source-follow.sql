-- pgsql2pgsql, beside pg-source-copy.sql: to follow changes. The publication is made here,
-- since only the owner of tables may publish them; my.cfg names the task: [local.pgsql]
-- task = shop. Run by a superuser:
--   psql -d shop -v role=dbsync -v task=shop -f pg-source-follow.sql
-- Tables without a primary key or another replica identity are left out (and with
-- --exclude of the task): the source would refuse UPDATE and DELETE of them.
SELECT pg_catalog.set_config('search_path', '', false);
ALTER ROLE :"role" REPLICATION;
SELECT pg_catalog.format('CREATE PUBLICATION %I FOR TABLE %s', 'dbsync_' || :'task',
                         pg_catalog.string_agg(c.oid::pg_catalog.regclass::text, ', '))
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND NOT c.relispartition AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND (c.relreplident = 'f' OR EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid
                                       AND (i.indisreplident OR (i.indisprimary AND c.relreplident = 'd')))) \gexec
