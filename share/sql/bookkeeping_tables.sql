-- What keeps us from using tables of our own that stand in schema $1: who owns them or
-- may have put something into them that would run with our rights. $2: their names;
-- $3: whether the schema is ours, too.
WITH trusted AS (
  SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolsuper OR r.rolname = current_user),
tables AS (
  SELECT c.oid, 'the table ' || n.nspname || '.' || c.relname AS shown, c.relowner, c.relkind, c.relhasrules
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = ANY ($2::pg_catalog.name[]) AND c.relkind <> 'i'),
parts AS (
  SELECT t.oid, t.shown, 'pg_catalog.pg_class'::pg_catalog.regclass AS class, t.oid AS part FROM tables t
  UNION ALL SELECT t.oid, t.shown, 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid
  FROM tables t JOIN pg_catalog.pg_index i ON i.indrelid = t.oid
  UNION ALL SELECT t.oid, t.shown, 'pg_catalog.pg_attrdef'::pg_catalog.regclass, d.oid
  FROM tables t JOIN pg_catalog.pg_attrdef d ON d.adrelid = t.oid
  UNION ALL SELECT t.oid, t.shown, 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid
  FROM tables t JOIN pg_catalog.pg_constraint k ON k.conrelid = t.oid)
SELECT 'the schema ' || n.nspname || ' belongs to the role ' || pg_catalog.pg_get_userbyid(n.nspowner)
FROM pg_catalog.pg_namespace n WHERE $3::boolean AND n.nspname = $1 AND n.nspowner NOT IN (SELECT oid FROM trusted)
UNION ALL SELECT t.shown || ' belongs to the role ' || pg_catalog.pg_get_userbyid(t.relowner)
FROM tables t WHERE t.relowner NOT IN (SELECT oid FROM trusted)
UNION ALL SELECT t.shown || ' is no plain table' FROM tables t WHERE t.relkind <> 'r'
UNION ALL SELECT t.shown || ' has a rule' FROM tables t WHERE t.relkind = 'r' AND t.relhasrules
  AND EXISTS (SELECT 1 FROM pg_catalog.pg_rewrite w WHERE w.ev_class = t.oid)
UNION ALL SELECT t.shown || ' has the trigger ' || g.tgname
FROM tables t JOIN pg_catalog.pg_trigger g ON g.tgrelid = t.oid WHERE NOT g.tgisinternal
UNION ALL SELECT t.shown || ' is part of an inheritance'
FROM tables t WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_inherits h WHERE h.inhrelid = t.oid OR h.inhparent = t.oid)
UNION ALL SELECT t.shown || ' has a foreign key, or is referred to by one'
FROM tables t WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND (k.conrelid = t.oid OR k.confrelid = t.oid))
UNION ALL SELECT p.shown || ' uses ' || pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
FROM parts p JOIN pg_catalog.pg_depend d ON d.classid = p.class AND d.objid = p.part
WHERE d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass,
                       'pg_catalog.pg_opclass'::pg_catalog.regclass, 'pg_catalog.pg_type'::pg_catalog.regclass,
                       'pg_catalog.pg_collation'::pg_catalog.regclass)
LIMIT 5
