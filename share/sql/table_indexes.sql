-- Each key column of each index of the users' tables, in order. indoption bit 0:
-- descending, bit 1: NULLs first. Columns that an index only carries stand behind its
-- keys in indkey. Operator classes that are not the type's own, with their schema.
-- row_to_json: indnullsnotdistinct is of 15.
SELECT i.indrelid,
       ic.relname,
       i.indisprimary,
       i.indisunique,
       am.amname,
       pg_catalog.pg_get_expr(i.indpred, i.indrelid),
       a.attname,
       CASE WHEN i.indkey[k.n] = 0 THEN pg_catalog.pg_get_indexdef(i.indexrelid, k.n + 1, true) END,
       i.indoption[k.n] & 1 = 1,
       pg_catalog.obj_description(i.indexrelid, 'pg_class'),
       (SELECT json_agg(x.attname ORDER BY o.n)
          FROM pg_catalog.generate_series(pg_catalog.array_upper(i.indoption, 1) + 1, pg_catalog.array_upper(i.indkey, 1)) AS o(n)
          JOIN pg_catalog.pg_attribute x ON x.attrelid = i.indrelid AND x.attnum = i.indkey[o.n]),
       coalesce(pg_catalog.row_to_json(i)->>'indnullsnotdistinct', 'false')::boolean,
       i.indoption[k.n] & 2 = 2,
       ocn.nspname,
       oc.opcname,
       i.indisexclusion
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
  JOIN pg_catalog.pg_am am ON am.oid = ic.relam
  JOIN pg_catalog.pg_class c ON c.oid = i.indrelid AND c.relkind IN ('r', 'p')
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 CROSS JOIN LATERAL pg_catalog.generate_series(0, pg_catalog.array_upper(i.indoption, 1)) AS k(n)
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.n]
  LEFT JOIN pg_catalog.pg_opclass oc ON oc.oid = i.indclass[k.n] AND NOT oc.opcdefault
  LEFT JOIN pg_catalog.pg_namespace ocn ON ocn.oid = oc.opcnamespace
 WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
 ORDER BY i.indrelid, ic.relname, k.n
