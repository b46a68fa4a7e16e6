-- Every relation of the users: kind, size of heap and TOAST, place in a partition
-- tree. Left out: system schemas, temporary tables, members of extensions, and the
-- schema in which this program keeps its own books. row_to_json: relispartition
-- (10) is newer than some sources.
-- Last: of a table or sequence in which an extension keeps what its users enter, which
-- rows these are (pg_extension_config_dump).
-- Sizes: not of partitioned tables and foreign ones, which have no files.
SELECT c.oid,
       n.nspname,
       c.relname,
       c.relkind,
       c.relpersistence = 'u' AS unlogged,
       coalesce(row_to_json(c)->>'relispartition', 'false')::boolean AS is_partition,
       CASE WHEN c.relkind IN ('r', 'm') THEN coalesce(pg_catalog.pg_table_size(c.oid), 0) ELSE 0 END AS bytes,
       greatest(c.reltuples, 0)::bigint AS estimated_rows,
       i.inhparent,
       e.extname,
       (SELECT e.extcondition[k] FROM pg_catalog.generate_series(1, pg_catalog.array_upper(e.extconfig, 1)) AS k
         WHERE e.extconfig[k] = c.oid LIMIT 1)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_inherits i
    ON i.inhrelid = c.oid AND coalesce(row_to_json(c)->>'relispartition', 'false')::boolean
  LEFT JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0
   AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
  LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
 WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
   AND c.relpersistence <> 't'
   AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'dbsync'
   AND n.nspname NOT IN ('gp_toolkit')
 ORDER BY n.nspname, c.relname
