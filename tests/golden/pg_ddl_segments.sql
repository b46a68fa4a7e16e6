---- for greenplum7
-- Tables of shop for Greenplum 7, written by pgsql2pgsql

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

-- NOTE: it is distributed by id without the operator class pg_catalog.cdbhash_int4_ops: it is of another type
CREATE TABLE "public"."changed" (
    "id" text,  -- was xid8, which Greenplum 7 has not
    "v" integer
)
WITH (appendonly=false)
DISTRIBUTED BY ("id");

CREATE TABLE "public"."deep" (
    "id" integer,
    "a" integer,
    "b" integer,
    "c" integer
)
PARTITION BY LIST ("a")
WITH (appendonly=false)
DISTRIBUTED BY ("id");
CREATE TABLE "public"."deep_1" PARTITION OF "public"."deep" FOR VALUES IN (1) PARTITION BY LIST ("b");
CREATE TABLE "public"."deep_1_1" PARTITION OF "public"."deep_1" FOR VALUES IN (1) PARTITION BY LIST ("c");
CREATE TABLE "public"."deep_1_1_1" PARTITION OF "public"."deep_1_1" FOR VALUES IN (1);

CREATE TABLE "public"."legacy" (
    "id" integer NOT NULL,
    "k" text
)
WITH (appendonly=false)
DISTRIBUTED BY ("id" "cdbhash_int4_ops");

-- NOTE: it is distributed by k without the operator class public.own_ops: it is not made there
CREATE TABLE "public"."own" (
    "id" integer,
    "k" text
)
WITH (appendonly=false)
DISTRIBUTED BY ("k");

-- NOTE: the ENCODING of the columns of its partition sales_2_eu was left out
CREATE TABLE "public"."sales" (
    "id" integer,
    "d" date,
    "region" text
)
PARTITION BY RANGE ("d")
WITH (appendonly=false)
DISTRIBUTED BY ("id");
CREATE TABLE "public"."sales_1" PARTITION OF "public"."sales" FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST ("region");
CREATE TABLE "public"."sales_1_eu" PARTITION OF "public"."sales_1" FOR VALUES IN ('eu');
CREATE TABLE "public"."sales_2" PARTITION OF "public"."sales" FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST ("region");
CREATE TABLE "public"."sales_2_eu" PARTITION OF "public"."sales_2" FOR VALUES IN ('eu') WITH (appendonly=true, orientation=column);

-- NOTE: its SUBPARTITION TEMPLATE was left out: its partitions are not alike
CREATE TABLE "public"."uneven" (
    "id" integer,
    "a" integer,
    "b" integer
)
PARTITION BY LIST ("a")
WITH (appendonly=false)
DISTRIBUTED BY ("id");
CREATE TABLE "public"."uneven_1" PARTITION OF "public"."uneven" FOR VALUES IN (1);
CREATE TABLE "public"."uneven_2" PARTITION OF "public"."uneven" FOR VALUES IN (2) PARTITION BY LIST ("b");
CREATE TABLE "public"."uneven_2_1" PARTITION OF "public"."uneven_2" FOR VALUES IN (1);

-- NOTE: quicklz, which Greenplum 7 has not, became zlib
CREATE TABLE "public"."wide" (
    "id" integer NOT NULL,
    "Note" text DEFAULT 'x'::text,
    "squeezed" text,
    "plain" integer,
    COLUMN "Note" ENCODING (compresstype=zstd, compresslevel=9, blocksize=65536),
    COLUMN "squeezed" ENCODING (compresstype=zlib, compresslevel=1, blocksize=32768)
)
WITH (appendonly=true, orientation=column, compresstype=zlib, compresslevel=5)
DISTRIBUTED BY ("id");

-- After the data: indexes

-- After the indexes: keys, checks, sequences, statistics
ANALYZE "public"."changed";
ALTER TABLE "public"."deep_1" SET SUBPARTITION TEMPLATE(SUBPARTITION c2 VALUES (2));
ALTER TABLE "public"."deep" SET SUBPARTITION TEMPLATE(SUBPARTITION b2 VALUES (2));
ANALYZE "public"."deep";
ALTER TABLE "public"."legacy" ADD CONSTRAINT "legacy_pkey" PRIMARY KEY ("id");
ANALYZE "public"."legacy";
ANALYZE "public"."own";
ALTER TABLE "public"."sales" SET SUBPARTITION TEMPLATE(SUBPARTITION eu VALUES ('eu'), DEFAULT SUBPARTITION other);
ANALYZE "public"."sales";
ANALYZE "public"."uneven";
ANALYZE "public"."wide";

RESET search_path;

---- for greenplum6
-- Tables of shop for Greenplum 6, written by pgsql2pgsql

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

-- NOTE: it is distributed by id without the operator class pg_catalog.cdbhash_int4_ops: it is of another type
CREATE TABLE "public"."changed" (
    "id" text,  -- was xid8, which Greenplum 6 has not
    "v" integer
)
WITH (appendonly=false)
DISTRIBUTED BY ("id");

-- NOTE: its SUBPARTITION TEMPLATE was left out: Greenplum 6 tells those of deeper levels in another way
CREATE TABLE "public"."deep" (
    "id" integer,
    "a" integer,
    "b" integer,
    "c" integer
)
WITH (appendonly=false)
DISTRIBUTED BY ("id")
PARTITION BY LIST ("a")
SUBPARTITION BY LIST ("b")
SUBPARTITION BY LIST ("c")
(
    PARTITION "deep_1" VALUES (1)
    (
        SUBPARTITION "deep_1_1" VALUES (1)
        (
            SUBPARTITION "deep_1_1_1" VALUES (1)
        )
    )
);

CREATE TABLE "public"."legacy" (
    "id" integer NOT NULL,
    "k" text
)
WITH (appendonly=false)
DISTRIBUTED BY ("id" "cdbhash_int4_ops");

-- NOTE: it is distributed by k without the operator class public.own_ops: it is not made there
CREATE TABLE "public"."own" (
    "id" integer,
    "k" text
)
WITH (appendonly=false)
DISTRIBUTED BY ("k");

-- NOTE: the ENCODING of the columns of its partition sales_2_eu was left out
CREATE TABLE "public"."sales" (
    "id" integer,
    "d" date,
    "region" text
)
WITH (appendonly=false)
DISTRIBUTED BY ("id")
PARTITION BY RANGE ("d")
SUBPARTITION BY LIST ("region")
(
    PARTITION "sales_1" START ('2024-01-01') INCLUSIVE END ('2025-01-01') EXCLUSIVE
    (
        SUBPARTITION "sales_1_eu" VALUES ('eu')
    ),
    PARTITION "sales_2" START ('2025-01-01') INCLUSIVE END ('2026-01-01') EXCLUSIVE
    (
        SUBPARTITION "sales_2_eu" VALUES ('eu') WITH (appendonly=true, orientation=column)
    )
);

-- NOTE: its SUBPARTITION TEMPLATE was left out: its partitions are not alike
-- NOTE: not partitioned: Greenplum 6 has no form for PARTITION BY LIST over 1 columns
CREATE TABLE "public"."uneven" (
    "id" integer,
    "a" integer,
    "b" integer
)
WITH (appendonly=false)
DISTRIBUTED BY ("id");

CREATE TABLE "public"."wide" (
    "id" integer NOT NULL,
    "Note" text DEFAULT 'x'::text,
    "squeezed" text,
    "plain" integer,
    COLUMN "Note" ENCODING (compresstype=zstd, compresslevel=9, blocksize=65536),
    COLUMN "squeezed" ENCODING (compresstype=quicklz, compresslevel=1, blocksize=32768)
)
WITH (appendonly=true, orientation=column, compresstype=zlib, compresslevel=5)
DISTRIBUTED BY ("id");

-- After the data: indexes

-- After the indexes: keys, checks, sequences, statistics
ANALYZE "public"."changed";
ANALYZE "public"."deep";
ALTER TABLE "public"."legacy" ADD CONSTRAINT "legacy_pkey" PRIMARY KEY ("id");
ANALYZE "public"."legacy";
ANALYZE "public"."own";
ALTER TABLE "public"."sales" SET SUBPARTITION TEMPLATE(SUBPARTITION eu VALUES ('eu'), DEFAULT SUBPARTITION other);
ANALYZE "public"."sales";
ANALYZE "public"."uneven";
ANALYZE "public"."wide";

RESET search_path;

---- for greenplum5
-- Tables of shop for Greenplum 5, written by pgsql2pgsql

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SET lc_monetary = 'C';
SET array_nulls = on;
SET xmloption = content;
SET transform_null_equals = off;
SET search_path = '';

-- Tables

-- NOTE: it is distributed by id without the operator class pg_catalog.cdbhash_int4_ops: Greenplum 5 has none there
CREATE TABLE "public"."changed" (
    "id" text,  -- was xid8, which Greenplum 5 has not
    "v" integer
)
WITH (appendonly=false)
DISTRIBUTED BY ("id");

-- NOTE: its SUBPARTITION TEMPLATE was left out: Greenplum 5 tells those of deeper levels in another way
CREATE TABLE "public"."deep" (
    "id" integer,
    "a" integer,
    "b" integer,
    "c" integer
)
WITH (appendonly=false)
DISTRIBUTED BY ("id")
PARTITION BY LIST ("a")
SUBPARTITION BY LIST ("b")
SUBPARTITION BY LIST ("c")
(
    PARTITION "deep_1" VALUES (1)
    (
        SUBPARTITION "deep_1_1" VALUES (1)
        (
            SUBPARTITION "deep_1_1_1" VALUES (1)
        )
    )
);

-- NOTE: it is distributed by id without the operator class pg_catalog.cdbhash_int4_ops: Greenplum 5 has none there
CREATE TABLE "public"."legacy" (
    "id" integer NOT NULL,
    "k" text
)
WITH (appendonly=false)
DISTRIBUTED BY ("id");

-- NOTE: it is distributed by k without the operator class public.own_ops: it is not made there
CREATE TABLE "public"."own" (
    "id" integer,
    "k" text
)
WITH (appendonly=false)
DISTRIBUTED BY ("k");

-- NOTE: the ENCODING of the columns of its partition sales_2_eu was left out
CREATE TABLE "public"."sales" (
    "id" integer,
    "d" date,
    "region" text
)
WITH (appendonly=false)
DISTRIBUTED BY ("id")
PARTITION BY RANGE ("d")
SUBPARTITION BY LIST ("region")
(
    PARTITION "sales_1" START ('2024-01-01') INCLUSIVE END ('2025-01-01') EXCLUSIVE
    (
        SUBPARTITION "sales_1_eu" VALUES ('eu')
    ),
    PARTITION "sales_2" START ('2025-01-01') INCLUSIVE END ('2026-01-01') EXCLUSIVE
    (
        SUBPARTITION "sales_2_eu" VALUES ('eu') WITH (appendonly=true, orientation=column)
    )
);

-- NOTE: its SUBPARTITION TEMPLATE was left out: its partitions are not alike
-- NOTE: not partitioned: Greenplum 5 has no form for PARTITION BY LIST over 1 columns
CREATE TABLE "public"."uneven" (
    "id" integer,
    "a" integer,
    "b" integer
)
WITH (appendonly=false)
DISTRIBUTED BY ("id");

CREATE TABLE "public"."wide" (
    "id" integer NOT NULL,
    "Note" text DEFAULT 'x'::text,
    "squeezed" text,
    "plain" integer,
    COLUMN "Note" ENCODING (compresstype=zstd, compresslevel=9, blocksize=65536),
    COLUMN "squeezed" ENCODING (compresstype=quicklz, compresslevel=1, blocksize=32768)
)
WITH (appendonly=true, orientation=column, compresstype=zlib, compresslevel=5)
DISTRIBUTED BY ("id");

-- After the data: indexes

-- After the indexes: keys, checks, sequences, statistics
ANALYZE "public"."changed";
ANALYZE "public"."deep";
ALTER TABLE "public"."legacy" ADD CONSTRAINT "legacy_pkey" PRIMARY KEY ("id");
ANALYZE "public"."legacy";
ANALYZE "public"."own";
ALTER TABLE "public"."sales" SET SUBPARTITION TEMPLATE(SUBPARTITION eu VALUES ('eu'), DEFAULT SUBPARTITION other);
ANALYZE "public"."sales";
ANALYZE "public"."uneven";
ANALYZE "public"."wide";

RESET search_path;

---- by rules
-- Tables of shop for Greenplum 7, written by pgsql2pgsql

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

-- NOTE: it is distributed by id without the operator class pg_catalog.cdbhash_int4_ops: it is of another type
CREATE TABLE "public"."changed" (
    "id" text,  -- was xid8, which Greenplum 7 has not
    "v" integer
)
WITH (appendonly=false)
DISTRIBUTED BY ("id");

CREATE TABLE "public"."deep" (
    "id" integer,
    "a" integer,
    "b" integer,
    "c" integer
)
PARTITION BY LIST ("a")
WITH (appendonly=false)
DISTRIBUTED BY ("id");
CREATE TABLE "public"."deep_1" PARTITION OF "public"."deep" FOR VALUES IN (1) PARTITION BY LIST ("b");
CREATE TABLE "public"."deep_1_1" PARTITION OF "public"."deep_1" FOR VALUES IN (1) PARTITION BY LIST ("c");
CREATE TABLE "public"."deep_1_1_1" PARTITION OF "public"."deep_1_1" FOR VALUES IN (1);

CREATE TABLE "public"."legacy" (
    "id" integer NOT NULL,
    "k" text
)
WITH (appendonly=false)
DISTRIBUTED BY ("id" "cdbhash_int4_ops");

-- NOTE: it is distributed by k without the operator class public.own_ops: it is not made there
CREATE TABLE "public"."own" (
    "id" integer,
    "k" text
)
WITH (appendonly=false)
DISTRIBUTED BY ("k");

-- NOTE: the ENCODING of the columns of its partition sales_2_eu was left out
CREATE TABLE "public"."sales" (
    "id" integer,
    "d" date,
    "region" text
)
PARTITION BY RANGE ("d")
WITH (appendonly=true, orientation=row)
DISTRIBUTED BY ("id");
CREATE TABLE "public"."sales_1" PARTITION OF "public"."sales" FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST ("region");
CREATE TABLE "public"."sales_1_eu" PARTITION OF "public"."sales_1" FOR VALUES IN ('eu');
CREATE TABLE "public"."sales_2" PARTITION OF "public"."sales" FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST ("region");
CREATE TABLE "public"."sales_2_eu" PARTITION OF "public"."sales_2" FOR VALUES IN ('eu');

-- NOTE: its SUBPARTITION TEMPLATE was left out: its partitions are not alike
CREATE TABLE "public"."uneven" (
    "id" integer,
    "a" integer,
    "b" integer
)
PARTITION BY LIST ("a")
WITH (appendonly=false)
DISTRIBUTED BY ("id");
CREATE TABLE "public"."uneven_1" PARTITION OF "public"."uneven" FOR VALUES IN (1);
CREATE TABLE "public"."uneven_2" PARTITION OF "public"."uneven" FOR VALUES IN (2) PARTITION BY LIST ("b");
CREATE TABLE "public"."uneven_2_1" PARTITION OF "public"."uneven_2" FOR VALUES IN (1);

CREATE TABLE "public"."wide" (
    "id" integer NOT NULL,
    "note" text DEFAULT 'x'::text,
    "plain" integer,
    COLUMN "note" ENCODING (compresstype=zstd, compresslevel=9, blocksize=65536)
)
WITH (appendonly=true, orientation=column, compresstype=zlib, compresslevel=5)
DISTRIBUTED BY ("id");

-- After the data: indexes

-- After the indexes: keys, checks, sequences, statistics
ANALYZE "public"."changed";
ALTER TABLE "public"."deep_1" SET SUBPARTITION TEMPLATE(SUBPARTITION c2 VALUES (2));
ALTER TABLE "public"."deep" SET SUBPARTITION TEMPLATE(SUBPARTITION b2 VALUES (2));
ANALYZE "public"."deep";
ALTER TABLE "public"."legacy" ADD CONSTRAINT "legacy_pkey" PRIMARY KEY ("id");
ANALYZE "public"."legacy";
ANALYZE "public"."own";
ALTER TABLE "public"."sales" SET SUBPARTITION TEMPLATE(SUBPARTITION eu VALUES ('eu'), DEFAULT SUBPARTITION other);
ANALYZE "public"."sales";
ANALYZE "public"."uneven";
ANALYZE "public"."wide";

RESET search_path;
