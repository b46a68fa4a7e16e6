-- Of trees of partitions whose changes come under the name of the root, the leaves whose
-- replica identity does not go with the root's. The server describes rows by the root's
-- identity, but sends the old row's key when a column of the leaf's identity changes:
-- another column of the root's would change unseen.
-- $1: oids of the tables that are published.
-- root's schema and name, leaf's schema and name, what both should have (DEFAULT, FULL, or
-- LEAF, FULL for the leaf alone), root's oid, whether the root has an identity.
WITH RECURSIVE tree AS (
  SELECT o.oid AS root, o.oid
    FROM pg_catalog.unnest($1::oid[]) AS o(oid)
  UNION
  SELECT tree.root, i.inhrelid
    FROM tree
    JOIN pg_catalog.pg_class r ON r.oid = tree.oid AND r.relkind = 'p'
    JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid),
keys AS (
  SELECT tree.root, c.oid, c.relkind, c.relnamespace, c.relname, c.relreplident,
         ARRAY(SELECT a.attname::text
                 FROM pg_catalog.pg_index i
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
                WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
                  AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END) AS names,
         ARRAY(SELECT a.attname::text
                 FROM pg_catalog.pg_index i
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
                WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate AND i.indisprimary) AS primary_key
    FROM tree
    JOIN pg_catalog.pg_class c ON c.oid = tree.oid)
SELECT rn.nspname, root.relname, ln.nspname, leaf.relname,
       CASE WHEN root.relreplident = 'i' THEN 'LEAF' WHEN root.primary_key <> '{}' THEN 'DEFAULT' ELSE 'FULL' END,
       root.oid, root.relreplident = 'f' OR root.names <> '{}'
  FROM keys leaf
  JOIN keys root ON root.oid = leaf.root AND root.root = leaf.root
  JOIN pg_catalog.pg_namespace rn ON rn.oid = root.relnamespace
  JOIN pg_catalog.pg_namespace ln ON ln.oid = leaf.relnamespace
 WHERE leaf.oid <> leaf.root AND leaf.relkind = 'r'
   AND (leaf.relreplident = 'f' OR leaf.names <> '{}')
   AND NOT CASE WHEN leaf.relreplident = 'f' THEN root.relreplident = 'f' OR root.names <> '{}'
                WHEN root.relreplident = 'f' THEN root.primary_key <> '{}' AND root.primary_key <@ leaf.names
                ELSE root.names <> '{}' AND root.names <@ leaf.names END
 ORDER BY 1, 2, 3, 4
