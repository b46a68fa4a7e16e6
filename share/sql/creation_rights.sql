-- What the role may make in this database: (superuser, name, CREATE on the database).
SELECT r.rolsuper, r.rolname, pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
  FROM pg_catalog.pg_roles r WHERE r.rolname = current_user
