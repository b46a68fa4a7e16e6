-- Roles that policies and user mappings of this database name.
SELECT DISTINCT r.rolname
  FROM (SELECT pg_catalog.unnest(polroles) AS oid FROM pg_catalog.pg_policy
        UNION SELECT umuser FROM pg_catalog.pg_user_mapping) AS o
  JOIN pg_catalog.pg_roles r ON r.oid = o.oid
 ORDER BY 1
