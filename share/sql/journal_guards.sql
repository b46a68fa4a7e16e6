-- Foreign keys and triggers of the target that are off while a copy loads its tables.
-- A row is written in the transaction that takes the key or trigger off, and what it
-- tells is undone in the transaction that changes or removes the row.
-- taken_off: false for a key that stands again, NOT VALID, and is to be validated.
CREATE TABLE dbsync.copy_guard (
  run bigint, kind text, schema_name text, table_name text, name text, definition text NOT NULL,
  comment text NOT NULL, valid boolean NOT NULL, taken_off boolean NOT NULL,
  PRIMARY KEY (run, kind, schema_name, table_name, name))
