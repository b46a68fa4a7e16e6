-- Those types among $1 (oids) of which some part has no binary output: base types
-- without a send function, and arrays, composites, ranges and domains of such.
WITH RECURSIVE part (top, oid) AS (
  SELECT t.oid, t.oid FROM pg_catalog.pg_type t WHERE t.oid = ANY ($1::oid[])
  UNION
  SELECT p.top, e.oid
    FROM part p JOIN pg_catalog.pg_type t ON t.oid = p.oid
   CROSS JOIN LATERAL (
     SELECT t.typbasetype WHERE t.typtype = 'd'
     UNION ALL
     SELECT t.typelem WHERE t.typelem <> 0 AND t.typlen = -1
     UNION ALL
     SELECT a.atttypid FROM pg_catalog.pg_attribute a
      WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
     UNION ALL
     SELECT r.rngsubtype FROM pg_catalog.pg_range r
      WHERE r.rngtypid = t.oid OR (pg_catalog.row_to_json(r)->>'rngmultitypid')::oid = t.oid
   ) e (oid)
)
SELECT DISTINCT p.top FROM part p JOIN pg_catalog.pg_type t ON t.oid = p.oid WHERE t.typsend = 0
