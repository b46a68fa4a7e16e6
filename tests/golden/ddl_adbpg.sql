---- by keys and rules
-- Tables of shop for Greenplum 6, written by mysql2pgsql

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET lc_monetary = 'C';
SET array_nulls = on;
SET xmloption = content;
SET transform_null_equals = off;
SET search_path = '';

-- Tables

CREATE TABLE "public"."big_key" (
    "id" bigserial NOT NULL
)
DISTRIBUTED BY ("id");

CREATE TABLE "public"."by_common" (
    "a" integer NOT NULL,
    "b" integer NOT NULL,
    "c" integer
)
DISTRIBUTED BY ("b");

-- NOTE: not partitioned: PARTITION BY HASH (`id`) has no counterpart
CREATE TABLE "public"."by_hash" (
    "id" integer NOT NULL
)
DISTRIBUTED BY ("id");

CREATE TABLE "public"."by_list" (
    "k" integer NOT NULL,
    "id" integer NOT NULL
)
DISTRIBUTED BY ("id", "k")
PARTITION BY LIST ("k")
(
    PARTITION "a" VALUES (1, 2),
    PARTITION "b" VALUES (20200303)
);

CREATE TABLE "public"."by_primary_key" (
    "id" serial NOT NULL,
    "name" varchar(40) NOT NULL,
    "at" timestamp(3)
)
DISTRIBUTED BY ("id");
COMMENT ON COLUMN "public"."by_primary_key"."name" IS 'who';

CREATE TABLE "public"."by_range" (
    "d" date,
    "id" integer NOT NULL
)
DISTRIBUTED BY ("id", "d")
PARTITION BY RANGE ("d")
(
    PARTITION "p0" END ('2020-01-01') EXCLUSIVE,
    PARTITION "p1" START ('2020-01-01') INCLUSIVE END ('2021-01-01') EXCLUSIVE,
    PARTITION "px" START ('2021-01-01') INCLUSIVE
);

-- NOTE: not partitioned: Greenplum 6 has no form for PARTITION BY RANGE over 2 columns
CREATE TABLE "public"."by_two" (
    "a" integer NOT NULL,
    "b" integer NOT NULL
)
DISTRIBUTED BY ("a", "b");

-- NOTE: key u (b): compares without case on the source and with case here
CREATE TABLE "public"."by_unique" (
    "a" integer,
    "b" varchar(9) NOT NULL,
    "c" integer
)
DISTRIBUTED BY ("b");

-- NOTE: the primary key is a plain index here: it does not contain the distribution or partition key
CREATE TABLE "public"."chosen" (
    "id" integer NOT NULL,
    "customer" integer NOT NULL
)
DISTRIBUTED BY ("customer");

-- NOTE: column size holds the values of AS (abs(`a`)) but is not generated: Greenplum 6 has no generated columns
CREATE TABLE "public"."computed" (
    "id" integer NOT NULL,
    "a" integer,
    "size" integer,
    "kind" text
)
DISTRIBUTED BY ("id");

-- NOTE: key code (code): compares without case on the source and with case here
-- NOTE: the unique index conflict_code is a plain one here: a unique key must contain the distribution key
CREATE TABLE "public"."conflict" (
    "id" integer NOT NULL,
    "code" varchar(3)
)
DISTRIBUTED BY ("id");

-- NOTE: primary key (code): compares without case on the source and with case here
CREATE TABLE "public"."countries" (
    "code" varchar(2) NOT NULL
)
DISTRIBUTED REPLICATED;

CREATE TABLE "public"."only_json" (
    "j" json
)
DISTRIBUTED RANDOMLY;

-- NOTE: foreign key with_foreign_key_ibfk_1 ("up") -> public.by_primary_key ("id") is not made: Greenplum 6 does not enforce it
CREATE TABLE "public"."with_foreign_key" (
    "id" integer NOT NULL,
    "up" integer
)
DISTRIBUTED BY ("id");

CREATE TABLE "public"."without_key" (
    "j" json,
    "a" integer,
    "b" text
)
DISTRIBUTED RANDOMLY;

-- After the data: indexes
CREATE UNIQUE INDEX "by_common_b" ON "public"."by_common" ("b", "c");
CREATE INDEX "by_common_c" ON "public"."by_common" ("c");
CREATE UNIQUE INDEX "by_unique_u" ON "public"."by_unique" ("b");
CREATE INDEX "chosen_pkey" ON "public"."chosen" ("id");
CREATE INDEX "chosen_customer" ON "public"."chosen" ("customer");
CREATE INDEX "conflict_code" ON "public"."conflict" ("code");
CREATE INDEX "with_foreign_key_up" ON "public"."with_foreign_key" ("up");

-- After the indexes: keys, checks, sequences, statistics
ALTER TABLE "public"."big_key" ADD CONSTRAINT "big_key_pkey" PRIMARY KEY ("id");
SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence('"public"."big_key"', 'id')::pg_catalog.regclass, least(n, 9223372036854775807)::bigint, n OPERATOR(pg_catalog.>) 9223372036854775807) FROM (SELECT greatest(1, coalesce(pg_catalog.max("id"), 0)::numeric OPERATOR(pg_catalog.+) 1) AS n FROM "public"."big_key") AS next;
ANALYZE "public"."big_key";
ALTER TABLE "public"."by_common" ADD CONSTRAINT "by_common_pkey" PRIMARY KEY ("a", "b");
ANALYZE "public"."by_common";
ALTER TABLE "public"."by_hash" ADD CONSTRAINT "by_hash_pkey" PRIMARY KEY ("id");
ANALYZE "public"."by_hash";
ALTER TABLE "public"."by_list" ADD CONSTRAINT "by_list_pkey" PRIMARY KEY ("id", "k");
ANALYZE "public"."by_list";
ALTER TABLE "public"."by_primary_key" ADD CONSTRAINT "by_primary_key_pkey" PRIMARY KEY ("id");
SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence('"public"."by_primary_key"', 'id')::pg_catalog.regclass, least(n, 2147483647)::bigint, n OPERATOR(pg_catalog.>) 2147483647) FROM (SELECT greatest(1, coalesce(pg_catalog.max("id"), 0)::numeric OPERATOR(pg_catalog.+) 1) AS n FROM "public"."by_primary_key") AS next;
ANALYZE "public"."by_primary_key";
ALTER TABLE "public"."by_range" ADD CONSTRAINT "by_range_pkey" PRIMARY KEY ("id", "d");
ALTER TABLE "public"."by_range" ALTER COLUMN "d" SET NOT NULL;
ANALYZE "public"."by_range";
ALTER TABLE "public"."by_two" ADD CONSTRAINT "by_two_pkey" PRIMARY KEY ("a", "b");
ANALYZE "public"."by_two";
ANALYZE "public"."by_unique";
ANALYZE "public"."chosen";
ALTER TABLE "public"."computed" ADD CONSTRAINT "computed_pkey" PRIMARY KEY ("id");
ALTER TABLE "public"."computed" ADD CONSTRAINT "positive" CHECK (("a" > 0)) NOT VALID;
ALTER TABLE "public"."computed" VALIDATE CONSTRAINT "positive";
ALTER TABLE "public"."computed" ADD CONSTRAINT "computed_kind_check" CHECK ("kind" IN ('x', 'y', '')) NOT VALID;
ALTER TABLE "public"."computed" VALIDATE CONSTRAINT "computed_kind_check";
ANALYZE "public"."computed";
ALTER TABLE "public"."conflict" ADD CONSTRAINT "conflict_pkey" PRIMARY KEY ("id");
ANALYZE "public"."conflict";
ALTER TABLE "public"."countries" ADD CONSTRAINT "countries_pkey" PRIMARY KEY ("code");
ANALYZE "public"."countries";
ANALYZE "public"."only_json";
ALTER TABLE "public"."with_foreign_key" ADD CONSTRAINT "with_foreign_key_pkey" PRIMARY KEY ("id");
ANALYZE "public"."with_foreign_key";
ANALYZE "public"."without_key";

RESET search_path;

---- first column (-f), no partitions (-n)
-- Tables of shop for Greenplum 6, written by mysql2pgsql

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET lc_monetary = 'C';
SET array_nulls = on;
SET xmloption = content;
SET transform_null_equals = off;
SET search_path = '';

-- Tables

CREATE TABLE "public"."big_key" (
    "id" bigserial NOT NULL
)
DISTRIBUTED BY ("id");

-- NOTE: the unique index by_common_b is a plain one here: a unique key must contain the distribution key
CREATE TABLE "public"."by_common" (
    "a" integer NOT NULL,
    "b" integer NOT NULL,
    "c" integer
)
DISTRIBUTED BY ("a");

CREATE TABLE "public"."by_hash" (
    "id" integer NOT NULL
)
DISTRIBUTED BY ("id");

CREATE TABLE "public"."by_list" (
    "k" integer NOT NULL,
    "id" integer NOT NULL
)
DISTRIBUTED BY ("k");

CREATE TABLE "public"."by_primary_key" (
    "id" serial NOT NULL,
    "name" varchar(40) NOT NULL,
    "at" timestamp(3)
)
DISTRIBUTED BY ("id");
COMMENT ON COLUMN "public"."by_primary_key"."name" IS 'who';

CREATE TABLE "public"."by_range" (
    "d" date,
    "id" integer NOT NULL
)
DISTRIBUTED BY ("d");

CREATE TABLE "public"."by_two" (
    "a" integer NOT NULL,
    "b" integer NOT NULL
)
DISTRIBUTED BY ("a");

-- NOTE: key u (b): compares without case on the source and with case here
-- NOTE: the unique index by_unique_u is a plain one here: a unique key must contain the distribution key
CREATE TABLE "public"."by_unique" (
    "a" integer,
    "b" varchar(9) NOT NULL,
    "c" integer
)
DISTRIBUTED BY ("a");

CREATE TABLE "public"."chosen" (
    "id" integer NOT NULL,
    "customer" integer NOT NULL
)
DISTRIBUTED BY ("id");

-- NOTE: column size holds the values of AS (abs(`a`)) but is not generated: Greenplum 6 has no generated columns
CREATE TABLE "public"."computed" (
    "id" integer NOT NULL,
    "a" integer,
    "size" integer,
    "kind" text
)
DISTRIBUTED BY ("id");

-- NOTE: key code (code): compares without case on the source and with case here
-- NOTE: the unique index conflict_code is a plain one here: a unique key must contain the distribution key
CREATE TABLE "public"."conflict" (
    "id" integer NOT NULL,
    "code" varchar(3)
)
DISTRIBUTED BY ("id");

-- NOTE: primary key (code): compares without case on the source and with case here
CREATE TABLE "public"."countries" (
    "code" varchar(2) NOT NULL
)
DISTRIBUTED BY ("code");

CREATE TABLE "public"."only_json" (
    "j" json
)
DISTRIBUTED RANDOMLY;

-- NOTE: foreign key with_foreign_key_ibfk_1 ("up") -> public.by_primary_key ("id") is not made: Greenplum 6 does not enforce it
CREATE TABLE "public"."with_foreign_key" (
    "id" integer NOT NULL,
    "up" integer
)
DISTRIBUTED BY ("id");

CREATE TABLE "public"."without_key" (
    "j" json,
    "a" integer,
    "b" text
)
DISTRIBUTED RANDOMLY;

-- After the data: indexes
CREATE INDEX "by_common_b" ON "public"."by_common" ("b", "c");
CREATE INDEX "by_common_c" ON "public"."by_common" ("c");
CREATE INDEX "by_unique_u" ON "public"."by_unique" ("b");
CREATE INDEX "chosen_customer" ON "public"."chosen" ("customer");
CREATE INDEX "conflict_code" ON "public"."conflict" ("code");
CREATE INDEX "with_foreign_key_up" ON "public"."with_foreign_key" ("up");

-- After the indexes: keys, checks, sequences, statistics
ALTER TABLE "public"."big_key" ADD CONSTRAINT "big_key_pkey" PRIMARY KEY ("id");
SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence('"public"."big_key"', 'id')::pg_catalog.regclass, least(n, 9223372036854775807)::bigint, n OPERATOR(pg_catalog.>) 9223372036854775807) FROM (SELECT greatest(1, coalesce(pg_catalog.max("id"), 0)::numeric OPERATOR(pg_catalog.+) 1) AS n FROM "public"."big_key") AS next;
ANALYZE "public"."big_key";
ALTER TABLE "public"."by_common" ADD CONSTRAINT "by_common_pkey" PRIMARY KEY ("a", "b");
ANALYZE "public"."by_common";
ALTER TABLE "public"."by_hash" ADD CONSTRAINT "by_hash_pkey" PRIMARY KEY ("id");
ANALYZE "public"."by_hash";
ALTER TABLE "public"."by_list" ADD CONSTRAINT "by_list_pkey" PRIMARY KEY ("id", "k");
ANALYZE "public"."by_list";
ALTER TABLE "public"."by_primary_key" ADD CONSTRAINT "by_primary_key_pkey" PRIMARY KEY ("id");
SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence('"public"."by_primary_key"', 'id')::pg_catalog.regclass, least(n, 2147483647)::bigint, n OPERATOR(pg_catalog.>) 2147483647) FROM (SELECT greatest(1, coalesce(pg_catalog.max("id"), 0)::numeric OPERATOR(pg_catalog.+) 1) AS n FROM "public"."by_primary_key") AS next;
ANALYZE "public"."by_primary_key";
ALTER TABLE "public"."by_range" ADD CONSTRAINT "by_range_pkey" PRIMARY KEY ("id", "d");
ALTER TABLE "public"."by_range" ALTER COLUMN "d" SET NOT NULL;
ANALYZE "public"."by_range";
ALTER TABLE "public"."by_two" ADD CONSTRAINT "by_two_pkey" PRIMARY KEY ("a", "b");
ANALYZE "public"."by_two";
ANALYZE "public"."by_unique";
ALTER TABLE "public"."chosen" ADD CONSTRAINT "chosen_pkey" PRIMARY KEY ("id");
ANALYZE "public"."chosen";
ALTER TABLE "public"."computed" ADD CONSTRAINT "computed_pkey" PRIMARY KEY ("id");
ALTER TABLE "public"."computed" ADD CONSTRAINT "positive" CHECK (("a" > 0)) NOT VALID;
ALTER TABLE "public"."computed" VALIDATE CONSTRAINT "positive";
ALTER TABLE "public"."computed" ADD CONSTRAINT "computed_kind_check" CHECK ("kind" IN ('x', 'y', '')) NOT VALID;
ALTER TABLE "public"."computed" VALIDATE CONSTRAINT "computed_kind_check";
ANALYZE "public"."computed";
ALTER TABLE "public"."conflict" ADD CONSTRAINT "conflict_pkey" PRIMARY KEY ("id");
ANALYZE "public"."conflict";
ALTER TABLE "public"."countries" ADD CONSTRAINT "countries_pkey" PRIMARY KEY ("code");
ANALYZE "public"."countries";
ANALYZE "public"."only_json";
ALTER TABLE "public"."with_foreign_key" ADD CONSTRAINT "with_foreign_key_pkey" PRIMARY KEY ("id");
ANALYZE "public"."with_foreign_key";
ANALYZE "public"."without_key";

RESET search_path;

---- append-optimized columns
-- Tables of shop for Greenplum 6, written by mysql2pgsql

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET lc_monetary = 'C';
SET array_nulls = on;
SET xmloption = content;
SET transform_null_equals = off;
SET search_path = '';

-- Tables

-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
CREATE TABLE "public"."big_key" (
    "id" bigserial NOT NULL
)
WITH (appendonly=true, orientation=column, compresstype=zstd, compresslevel=5)
DISTRIBUTED BY ("id");

-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
-- NOTE: the unique index by_common_b is a plain one here: a unique key must contain the distribution key
CREATE TABLE "public"."by_common" (
    "a" integer NOT NULL,
    "b" integer NOT NULL,
    "c" integer
)
WITH (appendonly=true, orientation=column, compresstype=zstd, compresslevel=5)
DISTRIBUTED BY ("b");

-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
CREATE TABLE "public"."by_hash" (
    "id" integer NOT NULL
)
WITH (appendonly=true, orientation=column, compresstype=zstd, compresslevel=5)
DISTRIBUTED BY ("id");

-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
CREATE TABLE "public"."by_list" (
    "k" integer NOT NULL,
    "id" integer NOT NULL
)
WITH (appendonly=true, orientation=column, compresstype=zstd, compresslevel=5)
DISTRIBUTED BY ("id", "k");

-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
CREATE TABLE "public"."by_primary_key" (
    "id" serial NOT NULL,
    "name" varchar(40) NOT NULL,
    "at" timestamp(3)
)
WITH (appendonly=true, orientation=column, compresstype=zstd, compresslevel=5)
DISTRIBUTED BY ("id");
COMMENT ON COLUMN "public"."by_primary_key"."name" IS 'who';

-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
CREATE TABLE "public"."by_range" (
    "d" date,
    "id" integer NOT NULL
)
WITH (appendonly=true, orientation=column, compresstype=zstd, compresslevel=5)
DISTRIBUTED BY ("id", "d");

-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
CREATE TABLE "public"."by_two" (
    "a" integer NOT NULL,
    "b" integer NOT NULL
)
WITH (appendonly=true, orientation=column, compresstype=zstd, compresslevel=5)
DISTRIBUTED BY ("a", "b");

-- NOTE: key u (b): compares without case on the source and with case here
-- NOTE: the unique index by_unique_u is a plain one here: a unique key must contain the distribution key
CREATE TABLE "public"."by_unique" (
    "a" integer,
    "b" varchar(9) NOT NULL,
    "c" integer
)
WITH (appendonly=true, orientation=column, compresstype=zstd, compresslevel=5)
DISTRIBUTED BY ("b");

-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
CREATE TABLE "public"."chosen" (
    "id" integer NOT NULL,
    "customer" integer NOT NULL
)
WITH (appendonly=true, orientation=column, compresstype=zstd, compresslevel=5)
DISTRIBUTED BY ("id");

-- NOTE: column size holds the values of AS (abs(`a`)) but is not generated: Greenplum 6 has no generated columns
-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
CREATE TABLE "public"."computed" (
    "id" integer NOT NULL,
    "a" integer,
    "size" integer,
    "kind" text
)
WITH (appendonly=true, orientation=column, compresstype=zstd, compresslevel=5)
DISTRIBUTED BY ("id");

-- NOTE: key code (code): compares without case on the source and with case here
-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
-- NOTE: the unique index conflict_code is a plain one here: a unique key must contain the distribution key
CREATE TABLE "public"."conflict" (
    "id" integer NOT NULL,
    "code" varchar(3)
)
WITH (appendonly=true, orientation=column, compresstype=zstd, compresslevel=5)
DISTRIBUTED BY ("id");

-- NOTE: primary key (code): compares without case on the source and with case here
-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
CREATE TABLE "public"."countries" (
    "code" varchar(2) NOT NULL
)
WITH (appendonly=true, orientation=column, compresstype=zstd, compresslevel=5)
DISTRIBUTED BY ("code");

CREATE TABLE "public"."only_json" (
    "j" json
)
WITH (appendonly=true, orientation=column, compresstype=zstd, compresslevel=5)
DISTRIBUTED RANDOMLY;

-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
-- NOTE: foreign key with_foreign_key_ibfk_1 ("up") -> public.by_primary_key ("id") is not made: Greenplum 6 does not enforce it
CREATE TABLE "public"."with_foreign_key" (
    "id" integer NOT NULL,
    "up" integer
)
WITH (appendonly=true, orientation=column, compresstype=zstd, compresslevel=5)
DISTRIBUTED BY ("id");

CREATE TABLE "public"."without_key" (
    "j" json,
    "a" integer,
    "b" text
)
WITH (appendonly=true, orientation=column, compresstype=zstd, compresslevel=5)
DISTRIBUTED RANDOMLY;

-- After the data: indexes
CREATE INDEX "big_key_pkey" ON "public"."big_key" ("id");
CREATE INDEX "by_common_pkey" ON "public"."by_common" ("a", "b");
CREATE INDEX "by_common_b" ON "public"."by_common" ("b", "c");
CREATE INDEX "by_common_c" ON "public"."by_common" ("c");
CREATE INDEX "by_hash_pkey" ON "public"."by_hash" ("id");
CREATE INDEX "by_list_pkey" ON "public"."by_list" ("id", "k");
CREATE INDEX "by_primary_key_pkey" ON "public"."by_primary_key" ("id");
CREATE INDEX "by_range_pkey" ON "public"."by_range" ("id", "d");
CREATE INDEX "by_two_pkey" ON "public"."by_two" ("a", "b");
CREATE INDEX "by_unique_u" ON "public"."by_unique" ("b");
CREATE INDEX "chosen_pkey" ON "public"."chosen" ("id");
CREATE INDEX "chosen_customer" ON "public"."chosen" ("customer");
CREATE INDEX "computed_pkey" ON "public"."computed" ("id");
CREATE INDEX "conflict_pkey" ON "public"."conflict" ("id");
CREATE INDEX "conflict_code" ON "public"."conflict" ("code");
CREATE INDEX "countries_pkey" ON "public"."countries" ("code");
CREATE INDEX "with_foreign_key_pkey" ON "public"."with_foreign_key" ("id");
CREATE INDEX "with_foreign_key_up" ON "public"."with_foreign_key" ("up");

-- After the indexes: keys, checks, sequences, statistics
SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence('"public"."big_key"', 'id')::pg_catalog.regclass, least(n, 9223372036854775807)::bigint, n OPERATOR(pg_catalog.>) 9223372036854775807) FROM (SELECT greatest(1, coalesce(pg_catalog.max("id"), 0)::numeric OPERATOR(pg_catalog.+) 1) AS n FROM "public"."big_key") AS next;
ANALYZE "public"."big_key";
ANALYZE "public"."by_common";
ANALYZE "public"."by_hash";
ANALYZE "public"."by_list";
SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence('"public"."by_primary_key"', 'id')::pg_catalog.regclass, least(n, 2147483647)::bigint, n OPERATOR(pg_catalog.>) 2147483647) FROM (SELECT greatest(1, coalesce(pg_catalog.max("id"), 0)::numeric OPERATOR(pg_catalog.+) 1) AS n FROM "public"."by_primary_key") AS next;
ANALYZE "public"."by_primary_key";
ALTER TABLE "public"."by_range" ALTER COLUMN "d" SET NOT NULL;
ANALYZE "public"."by_range";
ANALYZE "public"."by_two";
ANALYZE "public"."by_unique";
ANALYZE "public"."chosen";
ALTER TABLE "public"."computed" ADD CONSTRAINT "positive" CHECK (("a" > 0));
ALTER TABLE "public"."computed" ADD CONSTRAINT "computed_kind_check" CHECK ("kind" IN ('x', 'y', ''));
ANALYZE "public"."computed";
ANALYZE "public"."conflict";
ANALYZE "public"."countries";
ANALYZE "public"."only_json";
ANALYZE "public"."with_foreign_key";
ANALYZE "public"."without_key";

RESET search_path;

---- storage and distribution by patterns
-- Tables of shop for Greenplum 6, written by mysql2pgsql

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET lc_monetary = 'C';
SET array_nulls = on;
SET xmloption = content;
SET transform_null_equals = off;
SET search_path = '';

-- Tables

CREATE TABLE "public"."big_key" (
    "id" bigserial NOT NULL
)
WITH (appendonly=false)
DISTRIBUTED BY ("id");

-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
-- NOTE: the unique index by_common_b is a plain one here: a unique key must contain the distribution key
CREATE TABLE "public"."by_common" (
    "a" integer NOT NULL,
    "b" integer NOT NULL,
    "c" integer
)
WITH (appendonly=true, orientation=column, compresstype=zstd)
DISTRIBUTED RANDOMLY;

-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
CREATE TABLE "public"."by_hash" (
    "id" integer NOT NULL
)
WITH (appendonly=true, orientation=column, compresstype=zlib, compresslevel=1)
DISTRIBUTED RANDOMLY;

-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
CREATE TABLE "public"."by_list" (
    "k" integer NOT NULL,
    "id" integer NOT NULL
)
WITH (appendonly=true, orientation=column)
DISTRIBUTED RANDOMLY;

-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
CREATE TABLE "public"."by_primary_key" (
    "id" serial NOT NULL,
    "name" varchar(40) NOT NULL,
    "at" timestamp(3)
)
WITH (appendonly=true, orientation=column, compresstype=zlib, compresslevel=7)
DISTRIBUTED RANDOMLY;
COMMENT ON COLUMN "public"."by_primary_key"."name" IS 'who';

-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
CREATE TABLE "public"."by_range" (
    "d" date,
    "id" integer NOT NULL
)
WITH (appendonly=true, orientation=column, compresstype=zlib, compresslevel=7)
DISTRIBUTED RANDOMLY;

-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
CREATE TABLE "public"."by_two" (
    "a" integer NOT NULL,
    "b" integer NOT NULL
)
WITH (appendonly=true, orientation=column, compresstype=zlib, compresslevel=7)
DISTRIBUTED RANDOMLY;

-- NOTE: key u (b): compares without case on the source and with case here
-- NOTE: the unique index by_unique_u is a plain one here: a unique key must contain the distribution key
CREATE TABLE "public"."by_unique" (
    "a" integer,
    "b" varchar(9) NOT NULL,
    "c" integer
)
WITH (appendonly=true, orientation=row, compresstype=zlib, compresslevel=7)
DISTRIBUTED BY ("b");

CREATE TABLE "public"."chosen" (
    "id" integer NOT NULL,
    "customer" integer NOT NULL
)
WITH (appendonly=false)
DISTRIBUTED BY ("id");

-- NOTE: column size holds the values of AS (abs(`a`)) but is not generated: Greenplum 6 has no generated columns
CREATE TABLE "public"."computed" (
    "id" integer NOT NULL,
    "a" integer,
    "size" integer,
    "kind" text
)
WITH (appendonly=false)
DISTRIBUTED BY ("id");

-- NOTE: key code (code): compares without case on the source and with case here
-- NOTE: the unique index conflict_code is a plain one here: a unique key must contain the distribution key
CREATE TABLE "public"."conflict" (
    "id" integer NOT NULL,
    "code" varchar(3)
)
WITH (appendonly=false)
DISTRIBUTED BY ("id");

-- NOTE: primary key (code): compares without case on the source and with case here
CREATE TABLE "public"."countries" (
    "code" varchar(2) NOT NULL
)
WITH (appendonly=false)
DISTRIBUTED BY ("code");

CREATE TABLE "public"."only_json" (
    "j" json
)
WITH (appendonly=false)
DISTRIBUTED RANDOMLY;

-- NOTE: foreign key with_foreign_key_ibfk_1 ("up") -> public.by_primary_key ("id") is not made: Greenplum 6 does not enforce it
CREATE TABLE "public"."with_foreign_key" (
    "id" integer NOT NULL,
    "up" integer
)
WITH (appendonly=false)
DISTRIBUTED BY ("id");

CREATE TABLE "public"."without_key" (
    "j" json,
    "a" integer,
    "b" text
)
WITH (appendonly=false)
DISTRIBUTED RANDOMLY;

-- After the data: indexes
CREATE INDEX "by_common_pkey" ON "public"."by_common" ("a", "b");
CREATE INDEX "by_common_b" ON "public"."by_common" ("b", "c");
CREATE INDEX "by_common_c" ON "public"."by_common" ("c");
CREATE INDEX "by_hash_pkey" ON "public"."by_hash" ("id");
CREATE INDEX "by_list_pkey" ON "public"."by_list" ("id", "k");
CREATE INDEX "by_primary_key_pkey" ON "public"."by_primary_key" ("id");
CREATE INDEX "by_range_pkey" ON "public"."by_range" ("id", "d");
CREATE INDEX "by_two_pkey" ON "public"."by_two" ("a", "b");
CREATE INDEX "by_unique_u" ON "public"."by_unique" ("b");
CREATE INDEX "chosen_customer" ON "public"."chosen" ("customer");
CREATE INDEX "conflict_code" ON "public"."conflict" ("code");
CREATE INDEX "with_foreign_key_up" ON "public"."with_foreign_key" ("up");

-- After the indexes: keys, checks, sequences, statistics
ALTER TABLE "public"."big_key" ADD CONSTRAINT "big_key_pkey" PRIMARY KEY ("id");
SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence('"public"."big_key"', 'id')::pg_catalog.regclass, least(n, 9223372036854775807)::bigint, n OPERATOR(pg_catalog.>) 9223372036854775807) FROM (SELECT greatest(1, coalesce(pg_catalog.max("id"), 0)::numeric OPERATOR(pg_catalog.+) 1) AS n FROM "public"."big_key") AS next;
ANALYZE "public"."big_key";
ANALYZE "public"."by_common";
ANALYZE "public"."by_hash";
ANALYZE "public"."by_list";
SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence('"public"."by_primary_key"', 'id')::pg_catalog.regclass, least(n, 2147483647)::bigint, n OPERATOR(pg_catalog.>) 2147483647) FROM (SELECT greatest(1, coalesce(pg_catalog.max("id"), 0)::numeric OPERATOR(pg_catalog.+) 1) AS n FROM "public"."by_primary_key") AS next;
ANALYZE "public"."by_primary_key";
ALTER TABLE "public"."by_range" ALTER COLUMN "d" SET NOT NULL;
ANALYZE "public"."by_range";
ANALYZE "public"."by_two";
ANALYZE "public"."by_unique";
ALTER TABLE "public"."chosen" ADD CONSTRAINT "chosen_pkey" PRIMARY KEY ("id");
ANALYZE "public"."chosen";
ALTER TABLE "public"."computed" ADD CONSTRAINT "computed_pkey" PRIMARY KEY ("id");
ALTER TABLE "public"."computed" ADD CONSTRAINT "positive" CHECK (("a" > 0)) NOT VALID;
ALTER TABLE "public"."computed" VALIDATE CONSTRAINT "positive";
ALTER TABLE "public"."computed" ADD CONSTRAINT "computed_kind_check" CHECK ("kind" IN ('x', 'y', '')) NOT VALID;
ALTER TABLE "public"."computed" VALIDATE CONSTRAINT "computed_kind_check";
ANALYZE "public"."computed";
ALTER TABLE "public"."conflict" ADD CONSTRAINT "conflict_pkey" PRIMARY KEY ("id");
ANALYZE "public"."conflict";
ALTER TABLE "public"."countries" ADD CONSTRAINT "countries_pkey" PRIMARY KEY ("code");
ANALYZE "public"."countries";
ANALYZE "public"."only_json";
ALTER TABLE "public"."with_foreign_key" ADD CONSTRAINT "with_foreign_key_pkey" PRIMARY KEY ("id");
ANALYZE "public"."with_foreign_key";
ANALYZE "public"."without_key";

RESET search_path;
