-- What the data are, in SQL that asks the server alone: a sum of the rows of each table
-- and filled materialized view as text, whatever the order of their columns; positions of
-- sequences; large objects.
\set QUIET on
\pset format unaligned
\pset tuples_only on
set timezone = 'UTC';
set extra_float_digits = 3;
set row_security = off;
select format('select ''rows'', %L, count(*), md5(string_agg(r, e''\n'' order by r collate "C")) from (select row(%s)::text as r from only %I.%I) as t',
              n.nspname || '.' || c.relname,
              (select string_agg(quote_ident(attname), ',' order by attname) from pg_attribute
                where attrelid = c.oid and attnum > 0 and not attisdropped),
              n.nspname, c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where (c.relkind = 'r' or c.relkind = 'm' and c.relispopulated) and c.relpersistence <> 't'
   and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'dbsync')
\gexec
select format('select ''sequence'', %L, last_value, is_called from %I.%I', n.nspname || '.' || c.relname, n.nspname, c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'S' and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'dbsync')
\gexec
select 'large object', oid, md5(lo_get(oid)) from pg_largeobject_metadata;
