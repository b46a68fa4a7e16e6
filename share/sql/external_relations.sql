-- What looks like a table in Greenplum before 7, and has its rows elsewhere.
SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relstorage = 'x'
