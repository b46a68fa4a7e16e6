-- How the tables of Greenplum 7 and its relatives are stored.
SELECT c.oid, m.amname, array_to_json(c.reloptions)
  FROM pg_catalog.pg_class c
  LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
