-- What following asks for: a replica identity of every table. The trees of partitions
-- and the key over a generated column have FULL, which is right everywhere.
do $$
declare t record;
begin
  for t in select c.oid::regclass as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p') and c.relpersistence = 'p' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
              and c.relreplident = 'd'
              and (c.relispartition or c.relkind = 'p' or not exists
                   (select from pg_index i where i.indrelid = c.oid and i.indisprimary and not exists
                     (select from pg_attribute a where a.attrelid = c.oid and a.attnum = any (i.indkey) and a.attgenerated <> ''))) loop
    execute format('alter table only %s replica identity full', t.name);
  end loop;
end $$;
