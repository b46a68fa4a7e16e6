-- How the tables of Greenplum 6 and later, and of its relatives, are spread over segments:
-- policy, the columns of the key in its order, and the schemas and names of their operator
-- classes, "" where it is the type's own.
SELECT d.localoid,
       d.policytype,
       (SELECT json_agg(a.attname ORDER BY k.n)
          FROM pg_catalog.unnest(pg_catalog.string_to_array(d.distkey::text, ' ')) WITH ORDINALITY AS k(attnum, n)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = d.localoid AND a.attnum = k.attnum::int2),
       (SELECT json_agg(CASE WHEN o.opcdefault THEN '' ELSE s.nspname::text END ORDER BY k.n)
          FROM pg_catalog.unnest(pg_catalog.string_to_array(d.distclass::text, ' ')) WITH ORDINALITY AS k(class, n)
          JOIN pg_catalog.pg_opclass o ON o.oid = k.class::oid
          JOIN pg_catalog.pg_namespace s ON s.oid = o.opcnamespace),
       (SELECT json_agg(CASE WHEN o.opcdefault THEN '' ELSE o.opcname::text END ORDER BY k.n)
          FROM pg_catalog.unnest(pg_catalog.string_to_array(d.distclass::text, ' ')) WITH ORDINALITY AS k(class, n)
          JOIN pg_catalog.pg_opclass o ON o.oid = k.class::oid)
  FROM pg_catalog.gp_distribution_policy d
