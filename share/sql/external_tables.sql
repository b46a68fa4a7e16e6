-- External tables of Greenplum before 7, and how they are defined.
SELECT n.nspname,
       c.relname,
       (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname) || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod), ', '
                                     ORDER BY a.attnum)
          FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
       array_to_json(x.urilocation),
       x.command,
       CASE x.fmttype WHEN 't' THEN 'text' WHEN 'c' THEN 'csv' ELSE 'custom' END,
       x.fmtopts,
       pg_catalog.pg_encoding_to_char(x.encoding),
       x.rejectlimit || CASE x.rejectlimittype WHEN 'p' THEN ' PERCENT' ELSE ' ROWS' END,
       coalesce((row_to_json(x)->>'logerrors')::boolean, false),
       x.writable
  FROM pg_catalog.pg_exttable x
  JOIN pg_catalog.pg_class c ON c.oid = x.reloid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'gp_toolkit', 'dbsync')
 ORDER BY 1, 2
