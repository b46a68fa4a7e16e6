---- by keys
-- Tables of shop for Greenplum 6, written by pgsql2pgsql
-- NOTE: composite type public.pair is not made on Greenplum 6
-- NOTE: domain public.deep is not made on Greenplum 6
-- NOTE: domain public.positive is not made on Greenplum 6
-- NOTE: domain public.tags is not made on Greenplum 6
-- NOTE: enum type public.mood is not made on Greenplum 6
-- NOTE: function public.note() is not made on Greenplum 6
-- NOTE: function public.own() is not made on Greenplum 6
-- NOTE: range type public.span is not made on Greenplum 6
-- NOTE: rule no of public.child is not made on Greenplum 6
-- NOTE: trigger noted of public.child is not made on Greenplum 6
-- NOTE: view public.v is not made on Greenplum 6

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

CREATE TABLE "public"."by_name" (
    "a" inet,
    "mac" macaddr NOT NULL,
    "x" xml
)
DISTRIBUTED BY ("mac");

-- NOTE: foreign key child_up_fkey ("up") -> public.indexed ("id") is not made: Greenplum 6 does not enforce it
CREATE TABLE "public"."child" (
    "id" integer NOT NULL,
    "up" integer
)
DISTRIBUTED BY ("id");

-- NOTE: the index excluded_r_excl was left out: it belongs to an exclusion constraint
CREATE TABLE "public"."excluded" (
    "r" int4range
)
DISTRIBUTED RANDOMLY;

-- NOTE: not partitioned: Greenplum 6 has no form for PARTITION BY HASH over 1 columns
CREATE TABLE "public"."hashed_parts" (
    "id" integer NOT NULL
)
DISTRIBUTED BY ("id");

-- NOTE: the index brin was left out: method brin
-- NOTE: the index carries carries no columns here, since Greenplum 6 has no INCLUDE: b, c
-- NOTE: the index hashed was left out: method hash
-- NOTE: the unique index other_key is a plain one here: a unique key must contain the distribution key
CREATE TABLE "public"."indexed" (
    "id" integer NOT NULL,
    "a" integer,
    "b" text,
    "c" text,
    "j" jsonb
)
DISTRIBUTED BY ("id");

-- NOTE: it inherited from public.child, and is a table of its own here
CREATE TABLE "public"."inherits" (
    "id" integer NOT NULL,
    "up" integer,
    "own" integer
)
DISTRIBUTED RANDOMLY;

CREATE TABLE "public"."levels" (
    "id" integer NOT NULL,
    "d" date NOT NULL,
    "k" integer NOT NULL
)
DISTRIBUTED BY ("id", "d", "k")
PARTITION BY RANGE ("d")
SUBPARTITION BY LIST ("k")
(
    PARTITION "levels_1" START ('2020-01-01') INCLUSIVE END ('2021-01-01') EXCLUSIVE
    (
        SUBPARTITION "levels_1a" VALUES (1, 2),
        DEFAULT SUBPARTITION "levels_1x"
    ),
    PARTITION "levels_2" START ('2021-01-01') INCLUSIVE
    (
        SUBPARTITION "levels_2a" VALUES (1)
    )
);

CREATE TABLE "public"."listed" (
    "id" integer,
    "k" text
)
DISTRIBUTED RANDOMLY
PARTITION BY LIST ("k")
(
    PARTITION "listed_a" VALUES ('a', 'it''s', NULL)
);

CREATE TABLE "public"."only_xml" (
    "x" xml
)
DISTRIBUTED RANDOMLY;

CREATE TABLE "public"."ranged" (
    "id" integer NOT NULL,
    "d" date NOT NULL,
    "v" text
)
DISTRIBUTED BY ("id", "d")
PARTITION BY RANGE ("d")
(
    PARTITION "ranged_0" END ('2020-01-01') EXCLUSIVE,
    PARTITION "ranged_1" START ('2020-01-01') INCLUSIVE END ('2021-01-01') EXCLUSIVE,
    DEFAULT PARTITION "ranged_x"
);

CREATE TABLE "public"."steps" (
    "id" serial NOT NULL,  -- was GENERATED ALWAYS; its sequence had INCREMENT BY 5 START WITH 3
    "other" bigserial NOT NULL,
    "size" integer  -- was generated: (1 + 1)
)
DISTRIBUTED BY ("id");

-- NOTE: not partitioned: Greenplum 6 has no form for PARTITION BY RANGE over 2 columns
CREATE TABLE "public"."two_keys" (
    "a" integer,
    "b" integer
)
DISTRIBUTED RANDOMLY;

CREATE TABLE "public"."types" (
    "id" integer NOT NULL,
    "m" text DEFAULT 'it''s "ok"',  -- was the enum public.mood
    "ms" text,  -- was the array of the enum public.mood[]
    "p" text,  -- was the composite type public.pair
    "s" text,  -- was the range type public.span
    "d" integer DEFAULT 7 NOT NULL,  -- was the domain public.positive, of which this is not checked here: CHECK (VALUE > 0), CHECK (VALUE <> 13)
    "t" text[],  -- was the domain public.tags
    "deep" integer DEFAULT 7 NOT NULL,  -- was the domain public.deep, of which this is not checked here: CHECK (VALUE > 0), CHECK (VALUE <> 13)
    "uid" uuid,  -- had the default gen_random_uuid(), which the target cannot compute
    "n" numeric,  -- was numeric(3,-2)
    "path" text,  -- was jsonpath, which Greenplum 6 has not
    "many" text,  -- was int4multirange, which Greenplum 6 has not
    "mac" text,  -- was macaddr8, which Greenplum 6 has not
    "own" integer,  -- had the default public.own(), which the target cannot compute
    "at" timestamptz DEFAULT now(),
    "ids" integer[] DEFAULT '{1,2}'::integer[]
)
DISTRIBUTED BY ("id");

-- NOTE: not partitioned: Greenplum 6 has no form for PARTITION BY RANGE over 1 columns, or for its parts
CREATE TABLE "public"."uneven" (
    "id" integer,
    "d" date
)
DISTRIBUTED RANDOMLY;

-- After the data: indexes
CREATE INDEX "carries" ON "public"."indexed" ("a");
CREATE INDEX "gin" ON "public"."indexed" USING gin ("j" "jsonb_path_ops");
CREATE INDEX "nulls" ON "public"."indexed" ("a" DESC NULLS LAST, "b" NULLS FIRST);
CREATE INDEX "other_key" ON "public"."indexed" ("a");
CREATE INDEX "part" ON "public"."indexed" ("a") WHERE (b IS NOT NULL);
CREATE INDEX "pattern" ON "public"."indexed" ("b" "text_pattern_ops");

-- After the indexes: keys, checks, sequences, statistics
ALTER TABLE "public"."by_name" ADD CONSTRAINT "by_name_pkey" PRIMARY KEY ("mac");
ANALYZE "public"."by_name";
ALTER TABLE "public"."child" ADD CONSTRAINT "child_pkey" PRIMARY KEY ("id");
ANALYZE "public"."child";
ANALYZE "public"."excluded";
ALTER TABLE "public"."hashed_parts" ADD CONSTRAINT "hashed_parts_pkey" PRIMARY KEY ("id");
ANALYZE "public"."hashed_parts";
ALTER TABLE "public"."indexed" ADD CONSTRAINT "indexed_pkey" PRIMARY KEY ("id");
ANALYZE "public"."indexed";
ANALYZE "public"."inherits";
ALTER TABLE "public"."levels" ADD CONSTRAINT "levels_pkey" PRIMARY KEY ("id", "d", "k");
ANALYZE "public"."levels";
ANALYZE "public"."listed";
ANALYZE "public"."only_xml";
ALTER TABLE "public"."ranged" ADD CONSTRAINT "ranged_pkey" PRIMARY KEY ("id", "d");
ANALYZE "public"."ranged";
ALTER TABLE "public"."steps" ADD CONSTRAINT "steps_pkey" PRIMARY KEY ("id");
SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence('"public"."steps"', 'id')::pg_catalog.regclass, least(n, 2147483647)::bigint, n OPERATOR(pg_catalog.>) 2147483647) FROM (SELECT greatest(1, coalesce(pg_catalog.max("id"), 0)::numeric OPERATOR(pg_catalog.+) 1) AS n FROM "public"."steps") AS next;
ANALYZE "public"."steps";
ANALYZE "public"."two_keys";
ALTER TABLE "public"."types" ADD CONSTRAINT "types_pkey" PRIMARY KEY ("id");
ANALYZE "public"."types";
ANALYZE "public"."uneven";

RESET search_path;

---- by rules
-- Tables of shop for Greenplum 6, written by pgsql2pgsql
-- NOTE: composite type public.pair is not made on Greenplum 6
-- NOTE: domain public.deep is not made on Greenplum 6
-- NOTE: domain public.positive is not made on Greenplum 6
-- NOTE: domain public.tags is not made on Greenplum 6
-- NOTE: enum type public.mood is not made on Greenplum 6
-- NOTE: function public.note() is not made on Greenplum 6
-- NOTE: function public.own() is not made on Greenplum 6
-- NOTE: range type public.span is not made on Greenplum 6
-- NOTE: rule no of public.child is not made on Greenplum 6
-- NOTE: trigger noted of public.child is not made on Greenplum 6
-- NOTE: view public.v is not made on Greenplum 6

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

CREATE TABLE "public"."by_name" (
    "a" inet,
    "mac" macaddr NOT NULL,
    "x" xml
)
WITH (appendonly=false)
DISTRIBUTED BY ("mac");

-- NOTE: the primary key is a plain index here: append-optimized tables have no unique keys
-- NOTE: foreign key child_up_fkey ("up") -> public.indexed ("id") is not made: Greenplum 6 does not enforce it
CREATE TABLE "public"."child" (
    "id" integer NOT NULL,
    "up" integer
)
WITH (appendonly=true, orientation=row)
DISTRIBUTED RANDOMLY;

-- NOTE: the index excluded_r_excl was left out: it belongs to an exclusion constraint
CREATE TABLE "public"."excluded" (
    "r" int4range
)
WITH (appendonly=false)
DISTRIBUTED RANDOMLY;

-- NOTE: not partitioned: Greenplum 6 has no form for PARTITION BY HASH over 1 columns
CREATE TABLE "public"."hashed_parts" (
    "id" integer NOT NULL
)
WITH (appendonly=false)
DISTRIBUTED BY ("id");

-- NOTE: the index brin was left out: method brin
-- NOTE: the index carries carries no columns here, since Greenplum 6 has no INCLUDE: b, c
-- NOTE: the index hashed was left out: method hash
-- NOTE: the primary key is a plain index here: it does not contain the distribution or partition key
-- NOTE: the unique index other_key is a plain one here: a unique key must contain the distribution key
CREATE TABLE "public"."indexed" (
    "id" integer NOT NULL,
    "a" integer,
    "b" text,
    "c" text,
    "j" jsonb
)
WITH (appendonly=false)
DISTRIBUTED BY ("b");

-- NOTE: it inherited from public.child, and is a table of its own here
CREATE TABLE "public"."inherits" (
    "id" integer NOT NULL,
    "up" integer,
    "own" integer
)
WITH (appendonly=false)
DISTRIBUTED RANDOMLY;

CREATE TABLE "public"."levels" (
    "id" integer NOT NULL,
    "d" date NOT NULL,
    "k" integer NOT NULL
)
WITH (appendonly=false)
DISTRIBUTED BY ("id", "d", "k")
PARTITION BY RANGE ("d")
SUBPARTITION BY LIST ("k")
(
    PARTITION "levels_1" START ('2020-01-01') INCLUSIVE END ('2021-01-01') EXCLUSIVE
    (
        SUBPARTITION "levels_1a" VALUES (1, 2),
        DEFAULT SUBPARTITION "levels_1x"
    ),
    PARTITION "levels_2" START ('2021-01-01') INCLUSIVE
    (
        SUBPARTITION "levels_2a" VALUES (1)
    )
);

CREATE TABLE "public"."listed" (
    "id" integer,
    "k" text
)
WITH (appendonly=false)
DISTRIBUTED RANDOMLY
PARTITION BY LIST ("k")
(
    PARTITION "listed_a" VALUES ('a', 'it''s', NULL)
);

CREATE TABLE "public"."only_xml" (
    "x" xml
)
WITH (appendonly=false)
DISTRIBUTED RANDOMLY;

CREATE TABLE "public"."ranged" (
    "id" integer NOT NULL,
    "d" date NOT NULL,
    "v" text
)
WITH (appendonly=false)
DISTRIBUTED BY ("id", "d")
PARTITION BY RANGE ("d")
(
    PARTITION "ranged_0" END ('2020-01-01') EXCLUSIVE,
    PARTITION "ranged_1" START ('2020-01-01') INCLUSIVE END ('2021-01-01') EXCLUSIVE,
    DEFAULT PARTITION "ranged_x"
);

CREATE TABLE "public"."steps" (
    "id" serial NOT NULL,  -- was GENERATED ALWAYS; its sequence had INCREMENT BY 5 START WITH 3
    "other" bigserial NOT NULL,
    "size" integer  -- was generated: (1 + 1)
)
WITH (appendonly=false)
DISTRIBUTED BY ("id");

-- NOTE: not partitioned: Greenplum 6 has no form for PARTITION BY RANGE over 2 columns
CREATE TABLE "public"."two_keys" (
    "a" integer,
    "b" integer
)
WITH (appendonly=false)
DISTRIBUTED RANDOMLY;

CREATE TABLE "public"."types" (
    "id" integer NOT NULL,
    "m" text DEFAULT 'it''s "ok"',  -- was the enum public.mood
    "ms" text,  -- was the array of the enum public.mood[]
    "p" text,  -- was the composite type public.pair
    "s" text,  -- was the range type public.span
    "d" integer DEFAULT 7 NOT NULL,  -- was the domain public.positive, of which this is not checked here: CHECK (VALUE > 0), CHECK (VALUE <> 13)
    "t" text[],  -- was the domain public.tags
    "deep" integer DEFAULT 7 NOT NULL,  -- was the domain public.deep, of which this is not checked here: CHECK (VALUE > 0), CHECK (VALUE <> 13)
    "uid" uuid,  -- had the default gen_random_uuid(), which the target cannot compute
    "n" numeric,  -- was numeric(3,-2)
    "path" text,  -- was jsonpath, which Greenplum 6 has not
    "many" text,  -- was int4multirange, which Greenplum 6 has not
    "mac" text,  -- was macaddr8, which Greenplum 6 has not
    "own" integer,  -- had the default public.own(), which the target cannot compute
    "at" timestamptz DEFAULT now(),
    "ids" integer[] DEFAULT '{1,2}'::integer[]
)
WITH (appendonly=false)
DISTRIBUTED BY ("id");

-- NOTE: not partitioned: Greenplum 6 has no form for PARTITION BY RANGE over 1 columns, or for its parts
CREATE TABLE "public"."uneven" (
    "id" integer,
    "d" date
)
WITH (appendonly=false)
DISTRIBUTED RANDOMLY;

-- After the data: indexes
CREATE INDEX "child_pkey" ON "public"."child" ("id");
CREATE INDEX "indexed_pkey" ON "public"."indexed" ("id");
CREATE INDEX "carries" ON "public"."indexed" ("a");
CREATE INDEX "gin" ON "public"."indexed" USING gin ("j" "jsonb_path_ops");
CREATE INDEX "nulls" ON "public"."indexed" ("a" DESC NULLS LAST, "b" NULLS FIRST);
CREATE INDEX "other_key" ON "public"."indexed" ("a");
CREATE INDEX "part" ON "public"."indexed" ("a") WHERE (b IS NOT NULL);
CREATE INDEX "pattern" ON "public"."indexed" ("b" "text_pattern_ops");

-- After the indexes: keys, checks, sequences, statistics
ALTER TABLE "public"."by_name" ADD CONSTRAINT "by_name_pkey" PRIMARY KEY ("mac");
ANALYZE "public"."by_name";
ANALYZE "public"."child";
ANALYZE "public"."excluded";
ALTER TABLE "public"."hashed_parts" ADD CONSTRAINT "hashed_parts_pkey" PRIMARY KEY ("id");
ANALYZE "public"."hashed_parts";
ANALYZE "public"."indexed";
ANALYZE "public"."inherits";
ALTER TABLE "public"."levels" ADD CONSTRAINT "levels_pkey" PRIMARY KEY ("id", "d", "k");
ANALYZE "public"."levels";
ANALYZE "public"."listed";
ANALYZE "public"."only_xml";
ALTER TABLE "public"."ranged" ADD CONSTRAINT "ranged_pkey" PRIMARY KEY ("id", "d");
ANALYZE "public"."ranged";
ALTER TABLE "public"."steps" ADD CONSTRAINT "steps_pkey" PRIMARY KEY ("id");
SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence('"public"."steps"', 'id')::pg_catalog.regclass, least(n, 2147483647)::bigint, n OPERATOR(pg_catalog.>) 2147483647) FROM (SELECT greatest(1, coalesce(pg_catalog.max("id"), 0)::numeric OPERATOR(pg_catalog.+) 1) AS n FROM "public"."steps") AS next;
ANALYZE "public"."steps";
ANALYZE "public"."two_keys";
ALTER TABLE "public"."types" ADD CONSTRAINT "types_pkey" PRIMARY KEY ("id");
ANALYZE "public"."types";
ANALYZE "public"."uneven";

RESET search_path;
