-- What the catalog holds beyond what pg_dump shows, and once more what it shows: one
-- line an object. Names of constraints that a partition has from its parent are the
-- server's to choose.
\set QUIET on
\pset format unaligned
\pset tuples_only on
set search_path = '';
\set ours 'n.nspname !~ ''^pg_'' and n.nspname not in (''information_schema'', ''dbsync'')'
select 'relation', c.oid::pg_catalog.regclass, c.relkind, c.relpersistence, am.amname, c.reloptions, c.relrowsecurity, c.relforcerowsecurity,
       c.relreplident, c.relispopulated, c.relispartition, pg_catalog.pg_get_expr(c.relpartbound, c.oid),
       case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end, c.reloftype::pg_catalog.regtype
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace left join pg_catalog.pg_am am on am.oid = c.relam
 where :ours and c.relpersistence <> 't';
select 'column', c.oid::pg_catalog.regclass, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstorage,
       a.attcompression, a.attstattarget, a.attoptions, a.attfdwoptions, a.attislocal, a.attinhcount, a.attidentity, a.attgenerated,
       pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attcollation::pg_catalog.regcollation
  from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where :ours and c.relpersistence <> 't' and not a.attisdropped and a.attnum > 0;
select 'index', x.indexrelid::pg_catalog.regclass, x.indisvalid, x.indisready, x.indisclustered, x.indisreplident, x.indimmediate,
       pg_catalog.pg_get_indexdef(x.indexrelid), i.inhparent::pg_catalog.regclass
  from pg_catalog.pg_index x join pg_catalog.pg_class c on c.oid = x.indexrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_inherits i on i.inhrelid = x.indexrelid
 where :ours and c.relpersistence <> 't';
select 'constraint', k.conrelid::pg_catalog.regclass, k.contypid::pg_catalog.regtype, case when k.conparentid = 0 then k.conname end, k.contype,
       k.condeferrable, k.condeferred, k.convalidated, k.conislocal, k.coninhcount, case when k.contype = 'c' then k.connoinherit end,
       pg_catalog.pg_get_constraintdef(k.oid)
  from pg_catalog.pg_constraint k join pg_catalog.pg_namespace n on n.oid = k.connamespace where :ours;
select 'trigger', t.tgrelid::pg_catalog.regclass, t.tgname, t.tgenabled, t.tgparentid <> 0, pg_catalog.pg_get_triggerdef(t.oid)
  from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where :ours and not t.tgisinternal;
select 'rule', r.ev_class::pg_catalog.regclass, r.rulename, r.ev_enabled, pg_catalog.pg_get_ruledef(r.oid)
  from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where :ours;
select 'inherits', i.inhrelid::pg_catalog.regclass, i.inhparent::pg_catalog.regclass, i.inhseqno
  from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where :ours;
select 'description', pg_catalog.pg_describe_object(classoid, objoid, objsubid), description
  from pg_catalog.pg_description
 where (objoid >= 16384 or classoid = 'pg_catalog.pg_largeobject'::pg_catalog.regclass)
   and classoid not in ('pg_catalog.pg_publication'::pg_catalog.regclass, 'pg_catalog.pg_subscription'::pg_catalog.regclass);
select 'type', t.oid::pg_catalog.regtype, t.typtype, t.typcategory, t.typlen, t.typbyval, t.typdefault, t.typnotnull, t.typalign, t.typstorage
  from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace where :ours;
select 'label', enumtypid::pg_catalog.regtype, enumlabel, row_number() over (partition by enumtypid order by enumsortorder)
  from pg_catalog.pg_enum;
select 'function', p.oid::pg_catalog.regprocedure, p.prokind, p.prosecdef, p.proleakproof, p.proisstrict, p.provolatile, p.proparallel,
       p.procost, p.prorows, p.prosupport, p.proconfig, pg_catalog.md5(p.prosrc), p.probin
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace where :ours;
select 'policy', polrelid::pg_catalog.regclass, polname, polcmd, polpermissive, polroles::pg_catalog.regrole[],
       pg_catalog.pg_get_expr(polqual, polrelid), pg_catalog.pg_get_expr(polwithcheck, polrelid)
  from pg_catalog.pg_policy;
select 'statistics', stxrelid::pg_catalog.regclass, stxname, stxstattarget, pg_catalog.pg_get_statisticsobjdef(oid)
  from pg_catalog.pg_statistic_ext;
select 'operator', o.oid::pg_catalog.regoperator, o.oprcode, o.oprcom::pg_catalog.regoperator, o.oprnegate::pg_catalog.regoperator,
       o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash
  from pg_catalog.pg_operator o join pg_catalog.pg_namespace n on n.oid = o.oprnamespace where :ours;
select 'sequence', s.seqrelid::pg_catalog.regclass, s.seqtypid::pg_catalog.regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
       s.seqcache, s.seqcycle, c.relpersistence
  from pg_catalog.pg_sequence s join pg_catalog.pg_class c on c.oid = s.seqrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where :ours;
