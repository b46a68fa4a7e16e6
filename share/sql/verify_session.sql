-- Settings of a session that compares, beyond those of every session: rows that a
-- policy hides are an error instead of a hole, nothing is written, and nothing is
-- compiled: each part of a table is a query of its own. A table that is locked for long is
-- not compared: the follower's TRUNCATE, say, waits for a session that has read of it, and
-- those that come behind it would wait for ever; where the database or the role has a shorter
-- limit, that is it. Settings that a server does not have are passed over.
SELECT pg_catalog.set_config(s.name, CASE WHEN s.name = 'lock_timeout' AND s.reset_val::int BETWEEN 1 AND 20000
                                          THEN s.reset_val ELSE w.setting END, false)
  FROM (VALUES ('row_security', 'off'), ('default_transaction_read_only', 'on'), ('jit', 'off'),
               ('lock_timeout', '20s')) AS w(name, setting)
  JOIN pg_catalog.pg_settings s ON s.name = w.name
