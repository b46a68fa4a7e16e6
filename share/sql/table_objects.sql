-- Indexes and constraints of tables by name: $1 their schemas, $2 their names.
SELECT n.nspname, t.relname, o.name
  FROM (SELECT unnest($1::text[]) AS s, unnest($2::text[]) AS t) AS wanted
  JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.s
  JOIN pg_catalog.pg_class t ON t.relnamespace = n.oid AND t.relname = wanted.t
  JOIN (SELECT i.indrelid AS relation, x.relname AS name
          FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
        UNION
        SELECT conrelid, conname FROM pg_catalog.pg_constraint) AS o ON o.relation = t.oid
