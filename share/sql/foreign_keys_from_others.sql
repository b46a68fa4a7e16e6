-- Foreign keys that refer to tables, of tables that are not among them. $1: the
-- tables, quoted and with their schemas.
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), pg_catalog.quote_ident(k.conname)
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE k.contype = 'f'
   AND k.confrelid = ANY ($1::pg_catalog.regclass[]) AND NOT k.conrelid = ANY ($1::pg_catalog.regclass[])
 ORDER BY 1, 2
