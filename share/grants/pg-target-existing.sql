-- mysql2pgsql and pgsql2pgsql into tables that others own. The role exists; run by a
-- superuser:
--   psql -d shop -v role=dbsync -v schema=public -f pg-target-existing.sql
-- Foreign keys and triggers are kept from acting during the load by
-- session_replication_role, which from 15 on may be granted; before 15 only a superuser
-- may set it, and the role has to own tables with foreign keys.
GRANT CONNECT ON DATABASE :"DBNAME" TO :"role";
GRANT USAGE ON SCHEMA :"schema" TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA :"schema" TO :"role";
GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA :"schema" TO :"role";
CREATE SCHEMA dbsync AUTHORIZATION :"role";
SELECT pg_catalog.current_setting('server_version_num')::integer >= 150000 AS grantable \gset
\if :grantable
GRANT SET ON PARAMETER session_replication_role TO :"role";
\endif
