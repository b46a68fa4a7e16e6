-- Triggers of users on the tables $1 (oids) that an INSERT or a TRUNCATE fires in
-- some session.
SELECT t.tgrelid,
       n.nspname,
       c.relname,
       t.tgname,
       t.tgenabled,
       (t.tgtype::int & 4) <> 0 AS on_insert,
       pg_catalog.pg_has_role(c.relowner, 'USAGE') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS owned
  FROM pg_catalog.pg_trigger t
  JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE t.tgrelid = ANY ($1::oid[])
   AND NOT t.tgisinternal
   AND t.tgenabled <> 'D'
   AND (t.tgtype::int & 36) <> 0
 ORDER BY n.nspname, c.relname, t.tgname
