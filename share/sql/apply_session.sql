-- Planner settings of the session that applies changes: statements are planned
-- once, and find their rows through the key's index whatever the statistics say,
-- since these lag behind tables that are being filled. $1: whether the target is
-- distributed. Plans come from statistics alone there, and without hash joins a
-- table that they take for empty is read by its index from end to end: it is left
-- to its own settings, and tables that grow are analyzed.
SELECT pg_catalog.set_config(s.name, w.setting, false)
  FROM (VALUES ('plan_cache_mode', 'force_generic_plan'), ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'),
               ('enable_mergejoin', 'off'), ('jit', 'off'), ('optimizer', 'off')) AS w(name, setting)
  JOIN pg_catalog.pg_settings s ON s.name = w.name
 WHERE NOT ($1::boolean AND w.name LIKE 'enable%')
