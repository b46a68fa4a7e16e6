-- The settings that this database gives its sessions, for all roles and for some
-- ("" = all), as ALTER DATABASE and ALTER ROLE … IN DATABASE take them: values of
-- settings that are lists of names come as they are, quoted in themselves.
SELECT coalesce(r.rolname, ''), pg_catalog.split_part(s.text, '=', 1),
       CASE WHEN pg_catalog.split_part(s.text, '=', 1) IN ('search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries')
            THEN pg_catalog.substr(s.text, pg_catalog.strpos(s.text, '=') + 1)
            ELSE pg_catalog.quote_literal(pg_catalog.substr(s.text, pg_catalog.strpos(s.text, '=') + 1)) END
  FROM pg_catalog.pg_db_role_setting d
  JOIN pg_catalog.pg_database b ON b.oid = d.setdatabase AND b.datname = pg_catalog.current_database()
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = d.setrole
 CROSS JOIN LATERAL pg_catalog.unnest(d.setconfig) AS s(text)
 WHERE d.setrole = 0 OR r.oid IS NOT NULL
 ORDER BY 1, 2
