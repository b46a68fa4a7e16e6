-- mysql2pgsql and pgsql2pgsql with --create: a role that makes what it fills. The role
-- exists; run by a superuser:
--   psql -d shop -v role=dbsync -v schema=public -f pg-target-create.sql
-- CREATE on the database is for schemas that are missing. The program's own schema is made
-- here, so that it belongs to the role.
GRANT CONNECT, CREATE ON DATABASE :"DBNAME" TO :"role";
GRANT USAGE, CREATE ON SCHEMA :"schema" TO :"role";
CREATE SCHEMA dbsync AUTHORIZATION :"role";
