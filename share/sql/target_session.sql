-- Session settings of every target connection: values are read as they are
-- written, and nothing ends a long load early. Settings that a server does not
-- have are passed over, since newer ones have more time-outs than older ones.
SELECT pg_catalog.set_config(s.name, w.setting, false)
  FROM (VALUES ('TimeZone', 'UTC'), ('DateStyle', 'ISO, YMD'), ('IntervalStyle', 'postgres'),
               ('standard_conforming_strings', 'on'), ('bytea_output', 'hex'),
               ('synchronous_commit', 'off'),
               ('statement_timeout', '0'), ('lock_timeout', '0'),
               ('idle_in_transaction_session_timeout', '0'), ('idle_session_timeout', '0'),
               ('transaction_timeout', '0'), ('gp_autostats_mode', 'none')) AS w(name, setting)
  JOIN pg_catalog.pg_settings s ON pg_catalog.lower(s.name) = pg_catalog.lower(w.name)
