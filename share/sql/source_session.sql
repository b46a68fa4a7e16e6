-- Session settings of every connection to a PostgreSQL source: values are written
-- so that any server reads them back alike, rows that a policy hides are an error
-- instead of a hole, tables are read from their beginning, and nothing ends a long
-- transaction early. Settings that a server does not have are passed over.
SELECT pg_catalog.set_config(s.name, w.setting, false)
  FROM (VALUES ('TimeZone', 'UTC'), ('DateStyle', 'ISO, YMD'), ('IntervalStyle', 'postgres'),
               ('standard_conforming_strings', 'on'), ('bytea_output', 'hex'),
               ('extra_float_digits', '3'), ('row_security', 'off'),
               ('quote_all_identifiers', 'off'), ('synchronize_seqscans', 'off'),
               ('statement_timeout', '0'), ('lock_timeout', '0'),
               ('idle_in_transaction_session_timeout', '0'), ('idle_session_timeout', '0'),
               ('transaction_timeout', '0')) AS w(name, setting)
  JOIN pg_catalog.pg_settings s ON pg_catalog.lower(s.name) = pg_catalog.lower(w.name)
