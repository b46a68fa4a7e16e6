-- an ordinary table, values as text
-- insert
INSERT INTO "public"."t" ("id", "Part", "price", "document") VALUES ($1, $2, $3, $4);
-- insert without columns
INSERT INTO "public"."t" DEFAULT VALUES;
-- insert many
INSERT INTO "public"."t" ("id", "Part", "price", "document") SELECT u.v1::integer, u.v2::text, u.v3::numeric, u.v4::json FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS u(v1, v2, v3, v4);
-- copy
COPY "public"."t" ("id", "Part", "price", "document") FROM STDIN;
-- update
UPDATE ONLY "public"."t" AS t SET "price" = $1, "document" = $2 WHERE t."id" = $3 AND t."Part" = $4;
-- update, a column checked
UPDATE ONLY "public"."t" AS t SET "price" = $1, "document" = $2 WHERE t."id" = $3 AND t."Part" = $4 AND t."always" = $5;
-- update many
UPDATE ONLY "public"."t" AS t SET "price" = u.v1::numeric, "document" = u.v2::json FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS u(v1, v2, v3, v4, v5) WHERE t."id" = u.v3::integer AND t."Part" = u.v4::text AND t."always" = u.v5::integer;
-- is the key taken
SELECT 1 FROM ONLY "public"."t" AS t WHERE t."id" = $1 AND t."Part" = $2 LIMIT 1;
-- is it by another row
SELECT 1 FROM ONLY "public"."t" AS t WHERE t."id" = $1 AND t."Part" = $2 AND NOT (t."id" = $3 AND t."Part" = $4) LIMIT 1;
-- are keys taken
SELECT 1 FROM ONLY "public"."t" AS t JOIN unnest($1::text[], $2::text[]) AS u(v1, v2) ON t."id" = u.v1::integer AND t."Part" = u.v2::text LIMIT 1;
-- delete
DELETE FROM ONLY "public"."t" AS t WHERE t."id" = $1 AND t."Part" = $2;
-- delete many
DELETE FROM ONLY "public"."t" AS t USING unnest($1::text[], $2::text[]) AS u(v1, v2) WHERE t."id" = u.v1::integer AND t."Part" = u.v2::text;
-- update of a whole row
UPDATE ONLY "public"."t" AS t SET "price" = $1, "document" = $2 WHERE t.ctid = (SELECT s.ctid FROM ONLY "public"."t" AS s WHERE s."id" = $3::integer AND s."Part" = $4::text AND s."price" = $5::numeric AND pg_catalog.format('%s', s."price") COLLATE pg_catalog."C" = pg_catalog.format('%s', $5::numeric) COLLATE pg_catalog."C" AND pg_catalog.format('%s', s."document") COLLATE pg_catalog."C" = pg_catalog.format('%s', $6::json) COLLATE pg_catalog."C" LIMIT 1);
-- update of a whole row with NULLs
UPDATE ONLY "public"."t" AS t SET "price" = $1, "document" = $2 WHERE t.ctid = (SELECT s.ctid FROM ONLY "public"."t" AS s WHERE s."id" = $3::integer AND s."Part" IS NULL AND s."price" = $4::numeric AND pg_catalog.format('%s', s."price") COLLATE pg_catalog."C" = pg_catalog.format('%s', $4::numeric) COLLATE pg_catalog."C" AND s."document" IS NULL LIMIT 1);
-- delete of a whole row
DELETE FROM ONLY "public"."t" AS t WHERE t.ctid = (SELECT s.ctid FROM ONLY "public"."t" AS s WHERE s."id" IS NULL AND s."Part" = $1::text AND s."price" = $2::numeric AND pg_catalog.format('%s', s."price") COLLATE pg_catalog."C" = pg_catalog.format('%s', $2::numeric) COLLATE pg_catalog."C" AND pg_catalog.format('%s', s."document") COLLATE pg_catalog."C" = pg_catalog.format('%s', $3::json) COLLATE pg_catalog."C" LIMIT 1);
-- replace by key
WITH g AS (DELETE FROM ONLY "public"."t" AS t WHERE t."id" = $2 AND t."Part" = $3 RETURNING t.*) INSERT INTO "public"."t" ("always", "own") SELECT $1::integer, g."own" FROM g;
-- replace of a whole row
WITH g AS (DELETE FROM ONLY "public"."t" AS t WHERE t.ctid = (SELECT s.ctid FROM ONLY "public"."t" AS s WHERE s."id" = $2::integer AND s."Part" = $3::text AND s."price" IS NULL AND pg_catalog.format('%s', s."document") COLLATE pg_catalog."C" = pg_catalog.format('%s', $4::json) COLLATE pg_catalog."C" LIMIT 1) RETURNING t.*) INSERT INTO "public"."t" ("always") SELECT $1::integer FROM g;

-- the same, values in binary
-- insert
INSERT INTO "public"."t" ("id", "Part", "price", "document") VALUES ($1, $2, $3, $4);
-- insert without columns
INSERT INTO "public"."t" DEFAULT VALUES;
-- insert many
INSERT INTO "public"."t" ("id", "Part", "price", "document") SELECT u.v1, u.v2, u.v3, u.v4 FROM unnest($1::integer[], $2::text[], $3::numeric[], $4::json[]) AS u(v1, v2, v3, v4);
-- copy
COPY "public"."t" ("id", "Part", "price", "document") FROM STDIN WITH (FORMAT binary);
-- update
UPDATE ONLY "public"."t" AS t SET "price" = $1, "document" = $2 WHERE t."id" = $3 AND t."Part" = $4;
-- update, a column checked
UPDATE ONLY "public"."t" AS t SET "price" = $1, "document" = $2 WHERE t."id" = $3 AND t."Part" = $4 AND t."always" = $5;
-- update many
UPDATE ONLY "public"."t" AS t SET "price" = u.v1, "document" = u.v2 FROM unnest($1::numeric[], $2::json[], $3::integer[], $4::text[], $5::integer[]) AS u(v1, v2, v3, v4, v5) WHERE t."id" = u.v3 AND t."Part" = u.v4 AND t."always" = u.v5;
-- is the key taken
SELECT 1 FROM ONLY "public"."t" AS t WHERE t."id" = $1 AND t."Part" = $2 LIMIT 1;
-- is it by another row
SELECT 1 FROM ONLY "public"."t" AS t WHERE t."id" = $1 AND t."Part" = $2 AND NOT (t."id" = $3 AND t."Part" = $4) LIMIT 1;
-- are keys taken
SELECT 1 FROM ONLY "public"."t" AS t JOIN unnest($1::integer[], $2::text[]) AS u(v1, v2) ON t."id" = u.v1 AND t."Part" = u.v2 LIMIT 1;
-- delete
DELETE FROM ONLY "public"."t" AS t WHERE t."id" = $1 AND t."Part" = $2;
-- delete many
DELETE FROM ONLY "public"."t" AS t USING unnest($1::integer[], $2::text[]) AS u(v1, v2) WHERE t."id" = u.v1 AND t."Part" = u.v2;
-- update of a whole row
UPDATE ONLY "public"."t" AS t SET "price" = $1, "document" = $2 WHERE t.ctid = (SELECT s.ctid FROM ONLY "public"."t" AS s WHERE s."id" = $3::integer AND s."Part" = $4::text AND s."price" = $5::numeric AND pg_catalog.format('%s', s."price") COLLATE pg_catalog."C" = pg_catalog.format('%s', $5::numeric) COLLATE pg_catalog."C" AND pg_catalog.format('%s', s."document") COLLATE pg_catalog."C" = pg_catalog.format('%s', $6::json) COLLATE pg_catalog."C" LIMIT 1);
-- update of a whole row with NULLs
UPDATE ONLY "public"."t" AS t SET "price" = $1, "document" = $2 WHERE t.ctid = (SELECT s.ctid FROM ONLY "public"."t" AS s WHERE s."id" = $3::integer AND s."Part" IS NULL AND s."price" = $4::numeric AND pg_catalog.format('%s', s."price") COLLATE pg_catalog."C" = pg_catalog.format('%s', $4::numeric) COLLATE pg_catalog."C" AND s."document" IS NULL LIMIT 1);
-- delete of a whole row
DELETE FROM ONLY "public"."t" AS t WHERE t.ctid = (SELECT s.ctid FROM ONLY "public"."t" AS s WHERE s."id" IS NULL AND s."Part" = $1::text AND s."price" = $2::numeric AND pg_catalog.format('%s', s."price") COLLATE pg_catalog."C" = pg_catalog.format('%s', $2::numeric) COLLATE pg_catalog."C" AND pg_catalog.format('%s', s."document") COLLATE pg_catalog."C" = pg_catalog.format('%s', $3::json) COLLATE pg_catalog."C" LIMIT 1);
-- replace by key
WITH g AS (DELETE FROM ONLY "public"."t" AS t WHERE t."id" = $2 AND t."Part" = $3 RETURNING t.*) INSERT INTO "public"."t" ("always", "own") SELECT $1::integer, g."own" FROM g;
-- replace of a whole row
WITH g AS (DELETE FROM ONLY "public"."t" AS t WHERE t.ctid = (SELECT s.ctid FROM ONLY "public"."t" AS s WHERE s."id" = $2::integer AND s."Part" = $3::text AND s."price" IS NULL AND pg_catalog.format('%s', s."document") COLLATE pg_catalog."C" = pg_catalog.format('%s', $4::json) COLLATE pg_catalog."C" LIMIT 1) RETURNING t.*) INSERT INTO "public"."t" ("always") SELECT $1::integer FROM g;

-- a partitioned table
-- insert
INSERT INTO "public"."t" ("id", "Part", "price", "document") VALUES ($1, $2, $3, $4);
-- insert without columns
INSERT INTO "public"."t" DEFAULT VALUES;
-- insert many
INSERT INTO "public"."t" ("id", "Part", "price", "document") SELECT u.v1::integer, u.v2::text, u.v3::numeric, u.v4::json FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS u(v1, v2, v3, v4);
-- copy
COPY "public"."t" ("id", "Part", "price", "document") FROM STDIN;
-- update
UPDATE "public"."t" AS t SET "price" = $1, "document" = $2 WHERE t."id" = $3 AND t."Part" = $4;
-- update, a column checked
UPDATE "public"."t" AS t SET "price" = $1, "document" = $2 WHERE t."id" = $3 AND t."Part" = $4 AND t."always" = $5;
-- update many
UPDATE "public"."t" AS t SET "price" = u.v1::numeric, "document" = u.v2::json FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS u(v1, v2, v3, v4, v5) WHERE t."id" = u.v3::integer AND t."Part" = u.v4::text AND t."always" = u.v5::integer;
-- is the key taken
SELECT 1 FROM "public"."t" AS t WHERE t."id" = $1 AND t."Part" = $2 LIMIT 1;
-- is it by another row
SELECT 1 FROM "public"."t" AS t WHERE t."id" = $1 AND t."Part" = $2 AND NOT (t."id" = $3 AND t."Part" = $4) LIMIT 1;
-- are keys taken
SELECT 1 FROM "public"."t" AS t JOIN unnest($1::text[], $2::text[]) AS u(v1, v2) ON t."id" = u.v1::integer AND t."Part" = u.v2::text LIMIT 1;
-- delete
DELETE FROM "public"."t" AS t WHERE t."id" = $1 AND t."Part" = $2;
-- delete many
DELETE FROM "public"."t" AS t USING unnest($1::text[], $2::text[]) AS u(v1, v2) WHERE t."id" = u.v1::integer AND t."Part" = u.v2::text;
-- update of a whole row
UPDATE "public"."t" AS t SET "price" = $1, "document" = $2 WHERE (t.tableoid, t.ctid) IN (SELECT s.tableoid, s.ctid FROM "public"."t" AS s WHERE s."id" = $3::integer AND s."Part" = $4::text AND s."price" = $5::numeric AND pg_catalog.format('%s', s."price") COLLATE pg_catalog."C" = pg_catalog.format('%s', $5::numeric) COLLATE pg_catalog."C" AND pg_catalog.format('%s', s."document") COLLATE pg_catalog."C" = pg_catalog.format('%s', $6::json) COLLATE pg_catalog."C" LIMIT 1);
-- update of a whole row with NULLs
UPDATE "public"."t" AS t SET "price" = $1, "document" = $2 WHERE (t.tableoid, t.ctid) IN (SELECT s.tableoid, s.ctid FROM "public"."t" AS s WHERE s."id" = $3::integer AND s."Part" IS NULL AND s."price" = $4::numeric AND pg_catalog.format('%s', s."price") COLLATE pg_catalog."C" = pg_catalog.format('%s', $4::numeric) COLLATE pg_catalog."C" AND s."document" IS NULL LIMIT 1);
-- delete of a whole row
DELETE FROM "public"."t" AS t WHERE (t.tableoid, t.ctid) IN (SELECT s.tableoid, s.ctid FROM "public"."t" AS s WHERE s."id" IS NULL AND s."Part" = $1::text AND s."price" = $2::numeric AND pg_catalog.format('%s', s."price") COLLATE pg_catalog."C" = pg_catalog.format('%s', $2::numeric) COLLATE pg_catalog."C" AND pg_catalog.format('%s', s."document") COLLATE pg_catalog."C" = pg_catalog.format('%s', $3::json) COLLATE pg_catalog."C" LIMIT 1);
-- replace by key
WITH g AS (DELETE FROM "public"."t" AS t WHERE t."id" = $2 AND t."Part" = $3 RETURNING t.*) INSERT INTO "public"."t" ("always", "own") SELECT $1::integer, g."own" FROM g;
-- replace of a whole row
WITH g AS (DELETE FROM "public"."t" AS t WHERE (t.tableoid, t.ctid) IN (SELECT s.tableoid, s.ctid FROM "public"."t" AS s WHERE s."id" = $2::integer AND s."Part" = $3::text AND s."price" IS NULL AND pg_catalog.format('%s', s."document") COLLATE pg_catalog."C" = pg_catalog.format('%s', $4::json) COLLATE pg_catalog."C" LIMIT 1) RETURNING t.*) INSERT INTO "public"."t" ("always") SELECT $1::integer FROM g;

-- a table on segments
-- insert
INSERT INTO "public"."t" ("id", "Part", "price", "document") VALUES ($1, $2, $3, $4);
-- insert without columns
INSERT INTO "public"."t" DEFAULT VALUES;
-- insert many
INSERT INTO "public"."t" ("id", "Part", "price", "document") SELECT u.v1::integer, u.v2::text, u.v3::numeric, u.v4::json FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS u(v1, v2, v3, v4);
-- copy
COPY "public"."t" ("id", "Part", "price", "document") FROM STDIN;
-- update
UPDATE "public"."t" AS t SET "price" = $1, "document" = $2 WHERE t."id" = $3 AND t."Part" = $4;
-- update, a column checked
UPDATE "public"."t" AS t SET "price" = $1, "document" = $2 WHERE t."id" = $3 AND t."Part" = $4 AND t."always" = $5;
-- update many
UPDATE "public"."t" AS t SET "price" = u.v1::numeric, "document" = u.v2::json FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS u(v1, v2, v3, v4, v5) WHERE t."id" = u.v3::integer AND t."Part" = u.v4::text AND t."always" = u.v5::integer;
-- is the key taken
SELECT 1 FROM "public"."t" AS t WHERE t."id" = $1 AND t."Part" = $2 LIMIT 1;
-- is it by another row
SELECT 1 FROM "public"."t" AS t WHERE t."id" = $1 AND t."Part" = $2 AND NOT (t."id" = $3 AND t."Part" = $4) LIMIT 1;
-- are keys taken
SELECT 1 FROM "public"."t" AS t JOIN unnest($1::text[], $2::text[]) AS u(v1, v2) ON t."id" = u.v1::integer AND t."Part" = u.v2::text LIMIT 1;
-- delete
DELETE FROM "public"."t" AS t WHERE t."id" = $1 AND t."Part" = $2;
-- delete many
DELETE FROM "public"."t" AS t USING unnest($1::text[], $2::text[]) AS u(v1, v2) WHERE t."id" = u.v1::integer AND t."Part" = u.v2::text;
-- update of a whole row
UPDATE "public"."t" AS t SET "price" = $1, "document" = $2 WHERE (t.tableoid, t.gp_segment_id, t.ctid) IN (SELECT s.tableoid, s.gp_segment_id, s.ctid FROM "public"."t" AS s WHERE s."id" = $3::integer AND s."Part" = $4::text AND s."price" = $5::numeric AND s."price"::text = $5::numeric::text AND s."document"::text = $6::json::text LIMIT 1);
-- update of a whole row with NULLs
UPDATE "public"."t" AS t SET "price" = $1, "document" = $2 WHERE (t.tableoid, t.gp_segment_id, t.ctid) IN (SELECT s.tableoid, s.gp_segment_id, s.ctid FROM "public"."t" AS s WHERE s."id" = $3::integer AND s."Part" IS NULL AND s."price" = $4::numeric AND s."price"::text = $4::numeric::text AND s."document" IS NULL LIMIT 1);
-- delete of a whole row
DELETE FROM "public"."t" AS t WHERE (t.tableoid, t.gp_segment_id, t.ctid) IN (SELECT s.tableoid, s.gp_segment_id, s.ctid FROM "public"."t" AS s WHERE s."id" IS NULL AND s."Part" = $1::text AND s."price" = $2::numeric AND s."price"::text = $2::numeric::text AND s."document"::text = $3::json::text LIMIT 1);
-- replace by key
WITH g AS (DELETE FROM "public"."t" AS t WHERE t."id" = $2 AND t."Part" = $3 RETURNING t.*) INSERT INTO "public"."t" ("always", "own") SELECT $1::integer, g."own" FROM g;
-- replace of a whole row
WITH g AS (DELETE FROM "public"."t" AS t WHERE (t.tableoid, t.gp_segment_id, t.ctid) IN (SELECT s.tableoid, s.gp_segment_id, s.ctid FROM "public"."t" AS s WHERE s."id" = $2::integer AND s."Part" = $3::text AND s."price" IS NULL AND s."document"::text = $4::json::text LIMIT 1) RETURNING t.*) INSERT INTO "public"."t" ("always") SELECT $1::integer FROM g;

-- a table with an identity column GENERATED ALWAYS
-- insert
INSERT INTO "public"."t" ("id", "Part", "price", "document") OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4);
-- insert without columns
INSERT INTO "public"."t" DEFAULT VALUES;
-- insert many
INSERT INTO "public"."t" ("id", "Part", "price", "document") OVERRIDING SYSTEM VALUE SELECT u.v1::integer, u.v2::text, u.v3::numeric, u.v4::json FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS u(v1, v2, v3, v4);
-- copy
COPY "public"."t" ("id", "Part", "price", "document") FROM STDIN;
-- update
UPDATE ONLY "public"."t" AS t SET "price" = $1, "document" = $2 WHERE t."id" = $3 AND t."Part" = $4;
-- update, a column checked
UPDATE ONLY "public"."t" AS t SET "price" = $1, "document" = $2 WHERE t."id" = $3 AND t."Part" = $4 AND t."always" = $5;
-- update many
UPDATE ONLY "public"."t" AS t SET "price" = u.v1::numeric, "document" = u.v2::json FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS u(v1, v2, v3, v4, v5) WHERE t."id" = u.v3::integer AND t."Part" = u.v4::text AND t."always" = u.v5::integer;
-- is the key taken
SELECT 1 FROM ONLY "public"."t" AS t WHERE t."id" = $1 AND t."Part" = $2 LIMIT 1;
-- is it by another row
SELECT 1 FROM ONLY "public"."t" AS t WHERE t."id" = $1 AND t."Part" = $2 AND NOT (t."id" = $3 AND t."Part" = $4) LIMIT 1;
-- are keys taken
SELECT 1 FROM ONLY "public"."t" AS t JOIN unnest($1::text[], $2::text[]) AS u(v1, v2) ON t."id" = u.v1::integer AND t."Part" = u.v2::text LIMIT 1;
-- delete
DELETE FROM ONLY "public"."t" AS t WHERE t."id" = $1 AND t."Part" = $2;
-- delete many
DELETE FROM ONLY "public"."t" AS t USING unnest($1::text[], $2::text[]) AS u(v1, v2) WHERE t."id" = u.v1::integer AND t."Part" = u.v2::text;
-- update of a whole row
UPDATE ONLY "public"."t" AS t SET "price" = $1, "document" = $2 WHERE t.ctid = (SELECT s.ctid FROM ONLY "public"."t" AS s WHERE s."id" = $3::integer AND s."Part" = $4::text AND s."price" = $5::numeric AND pg_catalog.format('%s', s."price") COLLATE pg_catalog."C" = pg_catalog.format('%s', $5::numeric) COLLATE pg_catalog."C" AND pg_catalog.format('%s', s."document") COLLATE pg_catalog."C" = pg_catalog.format('%s', $6::json) COLLATE pg_catalog."C" LIMIT 1);
-- update of a whole row with NULLs
UPDATE ONLY "public"."t" AS t SET "price" = $1, "document" = $2 WHERE t.ctid = (SELECT s.ctid FROM ONLY "public"."t" AS s WHERE s."id" = $3::integer AND s."Part" IS NULL AND s."price" = $4::numeric AND pg_catalog.format('%s', s."price") COLLATE pg_catalog."C" = pg_catalog.format('%s', $4::numeric) COLLATE pg_catalog."C" AND s."document" IS NULL LIMIT 1);
-- delete of a whole row
DELETE FROM ONLY "public"."t" AS t WHERE t.ctid = (SELECT s.ctid FROM ONLY "public"."t" AS s WHERE s."id" IS NULL AND s."Part" = $1::text AND s."price" = $2::numeric AND pg_catalog.format('%s', s."price") COLLATE pg_catalog."C" = pg_catalog.format('%s', $2::numeric) COLLATE pg_catalog."C" AND pg_catalog.format('%s', s."document") COLLATE pg_catalog."C" = pg_catalog.format('%s', $3::json) COLLATE pg_catalog."C" LIMIT 1);
-- replace by key
WITH g AS (DELETE FROM ONLY "public"."t" AS t WHERE t."id" = $2 AND t."Part" = $3 RETURNING t.*) INSERT INTO "public"."t" ("always", "own") OVERRIDING SYSTEM VALUE SELECT $1::integer, g."own" FROM g;
-- replace of a whole row
WITH g AS (DELETE FROM ONLY "public"."t" AS t WHERE t.ctid = (SELECT s.ctid FROM ONLY "public"."t" AS s WHERE s."id" = $2::integer AND s."Part" = $3::text AND s."price" IS NULL AND pg_catalog.format('%s', s."document") COLLATE pg_catalog."C" = pg_catalog.format('%s', $4::json) COLLATE pg_catalog."C" LIMIT 1) RETURNING t.*) INSERT INTO "public"."t" ("always") OVERRIDING SYSTEM VALUE SELECT $1::integer FROM g;

