-- Extensions whose files the server has: whether they are made here already, who may
-- make them, and whether the role may change the ones that are here. row_to_json:
-- trusted is of 13.
SELECT a.name, e.oid IS NOT NULL, coalesce(v.superuser, true), coalesce((pg_catalog.row_to_json(v)->>'trusted')::boolean, false),
       coalesce(pg_catalog.pg_has_role(e.extowner, 'USAGE'), true)
  FROM pg_catalog.pg_available_extensions a
  LEFT JOIN pg_catalog.pg_available_extension_versions v ON v.name = a.name AND v.version = a.default_version
  LEFT JOIN pg_catalog.pg_extension e ON e.extname = a.name
