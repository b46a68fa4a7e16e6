-- Settings that pg_dump does not set for itself and that change what it writes, as
-- options of its connection; those that have the right value anyway are left out,
-- since not every pooler takes options. Constants of money are written in
-- lc_monetary, which is not C on most servers, but few have such a column.
SELECT '-c ' || w.name || '=' || w.setting
  FROM (VALUES ('lc_monetary', 'C'), ('quote_all_identifiers', 'off'), ('standard_conforming_strings', 'on')) AS w(name, setting)
  JOIN pg_catalog.pg_settings s ON s.name = w.name
 WHERE s.reset_val <> w.setting
   AND (w.name <> 'lc_monetary'
        OR EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a
                    WHERE a.atttypid IN ('pg_catalog.money'::pg_catalog.regtype, 'pg_catalog.money[]'::pg_catalog.regtype)
                      AND a.attnum > 0)
        OR EXISTS (SELECT 1 FROM pg_catalog.pg_type t WHERE t.typbasetype = 'pg_catalog.money'::pg_catalog.regtype))
 ORDER BY w.name
