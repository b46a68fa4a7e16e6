-- What waits in a slot: how many messages were looked at, and whether one of them is a row
-- (D, I, U) or TRUNCATE (T) of a transaction that ends behind the target's position.
-- $1 slot, $2 messages to look at, $3 publication, $4 position.
SELECT coalesce(pg_catalog.sum(messages), 0)::bigint, coalesce(pg_catalog.bool_or(changes AND ahead > 0), false)
FROM (SELECT pg_catalog.count(*) AS messages,
             pg_catalog.bool_or(pg_catalog.get_byte(data, 0) IN (68, 73, 84, 85)) AS changes,
             pg_catalog.max(pg_catalog.pg_wal_lsn_diff(lsn, $4::pg_catalog.pg_lsn)) AS ahead
      FROM pg_catalog.pg_logical_slot_peek_binary_changes($1, NULL, $2::integer,
           'proto_version', '1', 'publication_names', $3)
      GROUP BY xid) AS transactions
