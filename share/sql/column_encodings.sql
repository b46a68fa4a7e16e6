-- How the columns of column-oriented tables are compressed, in Greenplum and its relatives.
SELECT e.attrelid, a.attname, pg_catalog.array_to_string(e.attoptions, ', ')
  FROM pg_catalog.pg_attribute_encoding e
  JOIN pg_catalog.pg_attribute a ON a.attrelid = e.attrelid AND a.attnum = e.attnum
 WHERE NOT a.attisdropped
 ORDER BY e.attrelid, e.attnum
