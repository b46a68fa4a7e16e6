-- Schema and name of everything of the users that SQL may name with a schema
-- before it; not what belongs to an extension, which stays in its schema.
SELECT DISTINCT n.nspname, o.name
  FROM (SELECT relnamespace AS ns, relname AS name, 'pg_catalog.pg_class'::pg_catalog.regclass AS class, oid FROM pg_catalog.pg_class
        UNION ALL SELECT typnamespace, typname, 'pg_catalog.pg_type'::pg_catalog.regclass, oid FROM pg_catalog.pg_type
        UNION ALL SELECT pronamespace, proname, 'pg_catalog.pg_proc'::pg_catalog.regclass, oid FROM pg_catalog.pg_proc
        UNION ALL SELECT oprnamespace, oprname, 'pg_catalog.pg_operator'::pg_catalog.regclass, oid FROM pg_catalog.pg_operator
        UNION ALL SELECT opcnamespace, opcname, 'pg_catalog.pg_opclass'::pg_catalog.regclass, oid FROM pg_catalog.pg_opclass
        UNION ALL SELECT opfnamespace, opfname, 'pg_catalog.pg_opfamily'::pg_catalog.regclass, oid FROM pg_catalog.pg_opfamily
        UNION ALL SELECT collnamespace, collname, 'pg_catalog.pg_collation'::pg_catalog.regclass, oid FROM pg_catalog.pg_collation
        UNION ALL SELECT connamespace, conname, 'pg_catalog.pg_conversion'::pg_catalog.regclass, oid FROM pg_catalog.pg_conversion
        UNION ALL SELECT stxnamespace, stxname, 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, oid FROM pg_catalog.pg_statistic_ext
        UNION ALL SELECT cfgnamespace, cfgname, 'pg_catalog.pg_ts_config'::pg_catalog.regclass, oid FROM pg_catalog.pg_ts_config
        UNION ALL SELECT dictnamespace, dictname, 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, oid FROM pg_catalog.pg_ts_dict) AS o
  JOIN pg_catalog.pg_namespace n ON n.oid = o.ns
  LEFT JOIN pg_catalog.pg_depend d
    ON d.classid = o.class AND d.objid = o.oid AND d.objsubid = 0 AND d.deptype = 'e'
 WHERE d.objid IS NULL AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
