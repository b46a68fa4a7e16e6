-- What a PostgreSQL server says of itself and of the role, for the checks before a
-- load. Runs on Greenplum 6 as well.
SELECT current_user,
       pg_catalog.pg_is_in_recovery(),
       pg_catalog.current_setting('default_transaction_read_only'),
       pg_catalog.current_setting('server_encoding'),
       pg_catalog.current_setting('max_connections')::int
         - CASE WHEN r.rolsuper THEN 0 ELSE pg_catalog.current_setting('superuser_reserved_connections')::int END AS room,
       (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datid IS NOT NULL) AS in_use,
       CASE WHEN r.rolconnlimit < 0 OR d.datconnlimit < 0 THEN greatest(r.rolconnlimit, d.datconnlimit)
            ELSE least(r.rolconnlimit, d.datconnlimit) END AS own_limit,
       pg_catalog.has_database_privilege(d.oid, 'CREATE') AS may_create_schema,
       coalesce((SELECT pg_catalog.has_schema_privilege(oid, 'CREATE') AND pg_catalog.has_schema_privilege(oid, 'USAGE')
                   FROM pg_catalog.pg_namespace WHERE nspname = 'dbsync')::text, '') AS journal_schema,
       coalesce((SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory'), '') AS data_directory,
       pg_catalog.inet_server_addr() IS NULL AS local_socket,
       EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'dbsync' AND c.relname = 'copy_run') AS journal
  FROM pg_catalog.pg_roles r, pg_catalog.pg_database d
 WHERE r.rolname = current_user AND d.datname = pg_catalog.current_database()
