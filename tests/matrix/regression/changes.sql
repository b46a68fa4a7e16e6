set session_replication_role = replica;
do $$
declare
  t record;
  cols text;
  first text;
  n int := 0; failed int := 0;
begin
  for t in select c.oid, c.oid::regclass as name from pg_class c join pg_namespace n on n.oid = relnamespace
            where relkind = 'r' and relpersistence = 'p' and nspname !~ '^pg_' and nspname <> 'information_schema' order by 2 loop
    select string_agg(quote_ident(attname), ', ' order by attnum), min(quote_ident(attname)) filter (where attidentity <> 'a') into cols, first
      from pg_attribute where attrelid = t.oid and attnum > 0 and not attisdropped and attgenerated = '';
    if cols is null then continue; end if;
    begin
      execute format('insert into %s (%s) overriding system value select %2$s from only %1$s limit 5', t.name, cols); n := n + 1;
    exception when others then failed := failed + 1; raise info 'insert %: %', t.name, sqlerrm; end;
    begin
      if first is not null then execute format('update only %s set %s = %2$s where ctid in (select ctid from only %1$s limit 20)', t.name, first);  n := n + 1; end if;
    exception when others then failed := failed + 1; raise info 'update %: %', t.name, sqlerrm; end;
    begin
      execute format('delete from only %s where ctid = (select min(ctid) from only %1$s)', t.name); n := n + 1;
    exception when others then failed := failed + 1; raise info 'delete %: %', t.name, sqlerrm; end;
  end loop;
  raise info '% statements, % refused', n, failed;
end $$;
