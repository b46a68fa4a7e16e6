-- What is there of the tables $1 (schemas) and $2 (names), and what the role may do
-- with them: one row per entry that exists, by its number.
SELECT w.n,
       c.oid,
       c.relkind IN ('r', 'p', 'f') AS is_table,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS may_enter,
       pg_catalog.has_table_privilege(c.oid, 'INSERT') OR pg_catalog.has_any_column_privilege(c.oid, 'INSERT') AS may_insert,
       pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AS may_select,
       pg_catalog.has_table_privilege(c.oid, 'SELECT') AS may_select_all,
       pg_catalog.has_table_privilege(c.oid, 'TRUNCATE') AS may_truncate,
       c.relkind = 'r' AS plain
  FROM (SELECT pg_catalog.generate_subscripts($1::text[], 1) AS n, pg_catalog.unnest($1::text[]) AS schema,
               pg_catalog.unnest($2::text[]) AS name) w
  JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
 WHERE c.relkind <> 't'
 ORDER BY w.n
