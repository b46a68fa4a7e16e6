-- Which database this is: its number, whether the server is a standby, when the
-- server started, and whether the role may ask for the identifier of the cluster
-- (NULL before 9.6, which has no function for it).
SELECT d.oid,
       pg_catalog.pg_is_in_recovery(),
       pg_catalog.pg_postmaster_start_time()::text,
       (SELECT pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
          FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
         WHERE n.nspname = 'pg_catalog' AND p.proname = 'pg_control_system')
  FROM pg_catalog.pg_database d
 WHERE d.datname = pg_catalog.current_database()
