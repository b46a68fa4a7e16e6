-- pgsql2pgsql: a role that may copy this database. The role exists; run by a superuser:
--   psql -d shop -v role=dbsync -f pg-source-copy.sql
-- Again after tables have been made. Tables with row-level security need BYPASSRLS:
-- without it they are refused, not copied in part.
SELECT pg_catalog.set_config('search_path', '', false);
GRANT CONNECT ON DATABASE :"DBNAME" TO :"role";
SELECT pg_catalog.format(g.statement, n.nspname, :'role')
FROM pg_catalog.pg_namespace n,
     (VALUES ('GRANT USAGE ON SCHEMA %I TO %I'), ('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I'),
             ('GRANT SELECT ON ALL SEQUENCES IN SCHEMA %I TO %I')) AS g(statement)
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \gexec
SELECT pg_catalog.format('GRANT SELECT ON LARGE OBJECT %s TO %I', l.oid, :'role') FROM pg_catalog.pg_largeobject_metadata l \gexec
