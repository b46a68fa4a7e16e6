-- The files of all tables of users, as one number: alike on a primary and its
-- standbys.
SELECT pg_catalog.md5(coalesce(pg_catalog.string_agg(c.oid::text || ' ' || c.relfilenode::text, ',' ORDER BY c.oid), ''))
  FROM pg_catalog.pg_class c
 WHERE c.oid >= 16384 AND c.relkind IN ('r', 'm') AND c.relpersistence = 'p'
