-- The labels of an enum in their order, of a domain's, an array's or the type
-- itself. $1: the type's oid.
WITH RECURSIVE base AS (
  SELECT t.oid, t.typtype, t.typbasetype, t.typelem, t.typlen FROM pg_catalog.pg_type t WHERE t.oid = $1::pg_catalog.oid
  UNION ALL
  SELECT t.oid, t.typtype, t.typbasetype, t.typelem, t.typlen
    FROM base b
    JOIN pg_catalog.pg_type t
      ON t.oid = CASE WHEN b.typtype = 'd' THEN b.typbasetype WHEN b.typlen = -1 AND b.typelem <> 0 THEN b.typelem END)
SELECT e.enumlabel, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(t.typname)
  FROM base
  JOIN pg_catalog.pg_type t ON t.oid = base.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  JOIN pg_catalog.pg_enum e ON e.enumtypid = base.oid
 ORDER BY e.enumsortorder
