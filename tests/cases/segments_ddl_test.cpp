// Definitions of tables that are spread over segments: on a source that is taken for
// Greenplum 7, and the queries of older ones on catalogs that look like theirs.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "copy/segment_rejects.h"
#include "embedded_sql.h"
#include "pg/routing.h"
#include "schema/dialect.h"
#include "tests/golden/golden.h"
#include "tests/harness/pg_migration.h"
#include "tests/harness/segments.h"

namespace dbsync::test {
namespace {

// Storage of its own kind is what ao_column is on Greenplum.
constexpr char kPlaces[] = R"(
  set allow_system_table_mods = on;
  create operator class pg_catalog.cdbhash_int4_ops for type int4 using hash as operator 1 =, function 1 hashint4(int4);
  create operator class public.own_ops for type text using hash as operator 1 =, function 1 hashtext(text);
  create access method ao_column type table handler heap_tableam_handler;
  create access method ao_row type table handler heap_tableam_handler;
  create table legacy (id int, k text, primary key (id)) using heap;
  create table own (id int, k text);
  create table changed (id xid8, v int);
  create table wide (id int not null, "Note" text default 'x', squeezed text, plain int) using ao_column;
  update pg_class set reloptions = '{compresstype=zlib,compresslevel=5}' where relname = 'wide';
  insert into pg_attribute_encoding values
    ('wide'::regclass, 1, 1, '{compresstype=zlib,compresslevel=5,blocksize=32768}'),
    ('wide'::regclass, 2, 2, '{compresstype=zstd,compresslevel=9,blocksize=65536}'),
    ('wide'::regclass, 3, 3, '{compresstype=quicklz,compresslevel=1,blocksize=32768}'),
    ('wide'::regclass, 4, 4, '{compresstype=zlib,compresslevel=5}');
  create table sales (id int, d date, region text) partition by range (d);
  create table sales_1 partition of sales for values from ('2024-01-01') to ('2025-01-01') partition by list (region);
  create table sales_1_eu partition of sales_1 for values in ('eu');
  create table sales_2 partition of sales for values from ('2025-01-01') to ('2026-01-01') partition by list (region);
  create table sales_2_eu partition of sales_2 for values in ('eu') using ao_column;
  insert into pg_attribute_encoding values ('sales_2_eu'::regclass, 1, 1, '{compresstype=rle_type,compresslevel=2}');
  insert into gp_partition_template values
    ('sales'::regclass, 1, 'SUBPARTITION TEMPLATE(SUBPARTITION eu VALUES (''eu''), DEFAULT SUBPARTITION other)');
  create table deep (id int, a int, b int, c int) partition by list (a);
  create table deep_1 partition of deep for values in (1) partition by list (b);
  create table deep_1_1 partition of deep_1 for values in (1) partition by list (c);
  create table deep_1_1_1 partition of deep_1_1 for values in (1);
  insert into gp_partition_template values ('deep'::regclass, 1, 'SUBPARTITION TEMPLATE(SUBPARTITION b2 VALUES (2))'),
    ('deep'::regclass, 2, 'SUBPARTITION TEMPLATE(SUBPARTITION c2 VALUES (2))');
  create table uneven (id int, a int, b int) partition by list (a);
  create table uneven_1 partition of uneven for values in (1);
  create table uneven_2 partition of uneven for values in (2) partition by list (b);
  create table uneven_2_1 partition of uneven_2 for values in (1);
  insert into gp_partition_template values
    ('uneven'::regclass, 1, 'SUBPARTITION TEMPLATE(SUBPARTITION b2 VALUES (2))');
  insert into gp_distribution_policy
    select c.oid, 'p', 2, case c.relname when 'own' then '2' else '1' end::int2vector,
      (select o.oid::text::oidvector from pg_opclass o where o.opcmethod = 405 and o.opcname =
        case c.relname when 'own' then 'own_ops' when 'legacy' then 'cdbhash_int4_ops'
          when 'changed' then 'cdbhash_int4_ops' else 'int4_ops' end)
      from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p');
  reset allow_system_table_mods;
)";

class SegmentsDdlTest : public PgMigrationTest {
 protected:
  void SetUp() override {
    if (source.version() < kSegmentsSince) GTEST_SKIP() << "a stand-in for Greenplum's catalog needs PostgreSQL 13";
    take_for_segments(source);
    source.exec(kPlaces);
  }

  std::string ddl(const std::string& dialect, const std::string& config = {}) {
    dir.write_file("my.cfg", fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n{}", source.conninfo(), config));
    const RunResult result = run({"pgsql2pgsql", "-d", "--dialect", dialect});
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    std::string out = result.out;
    for (std::size_t at = out.find(source.name()); at != std::string::npos; at = out.find(source.name(), at))
      out.replace(at, source.name().size(), "shop");
    return out;
  }
};

TEST_F(SegmentsDdlTest, KeepsClassesEncodingsAndTemplates) {
  std::string all;
  for (const char* dialect : {"greenplum7", "greenplum6", "greenplum5"})
    all += fmt::format("---- for {}\n{}\n", dialect, ddl(dialect));
  all += "---- by rules\n" + ddl("greenplum7",
                                 "[exclude_columns]\nwide = squeezed\n[column_map]\nwide.Note = note\n"
                                 "[greenplum]\nsales.storage = ao_row\n");
  expect_golden("tests/golden/pg_ddl_segments.sql", all);
}

// Catalogs of Greenplum 5 and 6 as their manuals describe them, in a schema of their own: a query
// must be one that such a server can read.
constexpr char kClassicCatalogs[] = R"(
  create schema six;
  create view six.pg_class as select *, case when relkind = 'r' then 'h'::"char" end as relstorage
    from pg_catalog.pg_class;
  create table six.pg_partition (oid oid, parrelid oid, parkind "char", parlevel int2, paristemplate bool, parnatts int2,
    paratts int2vector, parclass oidvector);
  create table six.pg_partition_rule (oid oid, paroid oid, parchildrelid oid, parparentrule oid, parname name,
    parisdefault bool, parruleord int2, parrangestartincl bool, parrangeendincl bool, parrangestart text,
    parrangeend text, parrangeevery text, parlistvalues text, parreloptions text[], partemplatespace oid);
  create table six.pg_exttable (reloid oid, urilocation text[], execlocation text[], fmttype "char", fmtopts text,
    options text[], command text, rejectlimit int, rejectlimittype "char", logerrors bool, encoding int, writable bool);
  create table six.gp_distribution_policy (localoid oid, policytype "char", numsegments int, distkey int2vector,
    distclass oidvector);
  create table six.pg_attribute_encoding (attrelid oid, attnum int2, filenum int2, attoptions text[]);
  create function six.pg_get_partition_def(oid, bool) returns text language sql as 'select ''PARTITION BY LIST(k)''';
  create function six.pg_get_partition_template_def(oid, bool, bool) returns text language sql as 'select ''ALTER''';
  create function gp_read_error_log(text) returns table (cmdtime timestamptz, relname text, filename text, linenum int,
    bytenum int, errmsg text, rawdata text, rawbytes bytea) language sql as 'select null::timestamptz, '''', '''', 1, 1,
    '''', '''', ''''::bytea';
  create table six.sales (id int, k text);
  insert into six.pg_partition values (1, 'six.sales'::regclass, 'l', 0, false, 1, '2', ''),
    (2, 'six.sales'::regclass, 'l', 1, true, 1, '2', '');
  insert into six.pg_partition_rule (oid, paroid, parchildrelid) values (3, 1, 'six.sales'::regclass);
  insert into six.gp_distribution_policy
    select 'six.sales'::regclass, 'p', 2, '1', o.oid::text::oidvector from pg_opclass o
      where o.opcname = 'int4_ops' and o.opcmethod = 405;
)";

class ClassicCatalogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (target_.version() < kSegmentsSince) GTEST_SKIP() << "views on catalogs of newer servers";
    target_.exec(kClassicCatalogs);
  }

  // What it says of six.sales; as a prepared statement, since some have parameters.
  Rows rows(std::string sql, const std::string& arguments = {}) {
    for (const char* name : {"pg_class", "pg_partition", "pg_exttable", "gp_distribution_policy",
                             "pg_attribute_encoding", "pg_get_partition_"}) {
      const std::string from = std::string("pg_catalog.") + name;
      for (std::size_t at = sql.find(from); at != std::string::npos; at = sql.find(from, at + 1))
        if (sql.compare(at, 29, "pg_catalog.pg_partition_tree(") != 0) sql.replace(at, 10, "six");
    }
    target_.exec("deallocate all; prepare q as " + sql);
    return target_.query("execute q" + arguments);
  }

  TargetDb target_;
};

TEST_F(ClassicCatalogTest, QueriesOfSourcesCanBeRead) {
  const std::string oid = target_.value("select 'six.sales'::regclass::oid");
  EXPECT_EQ(rows(sql::classic_partitions), (Rows{{oid, oid}}));
  EXPECT_TRUE(rows(sql::external_relations).empty());
  EXPECT_TRUE(rows(sql::external_tables).empty());
  EXPECT_TRUE(rows(sql::column_encodings).empty());
  EXPECT_EQ(rows(sql::distribution_keys), (Rows{{oid, "p", R"(["id"])", R"([""])", R"([""])"}}));
  EXPECT_EQ(rows(sql::subpartition_templates_classic), (Rows{{oid, "0", "ALTER"}}));
  Rows storage = rows(sql::segment_storage_classic);
  std::erase_if(storage, [&](const auto& row) { return row.front() != oid; });
  EXPECT_EQ(storage, (Rows{{oid, "h", std::nullopt, "PARTITION BY LIST(k)", R"(["k"])"}}));
}

TEST_F(ClassicCatalogTest, QueriesOfTargetsCanBeRead) {
  constexpr char kSales[] = "('{six}', '{sales}')";
  const Rows columns{{"six", "sales", "id"}, {"six", "sales", "k"}};
  EXPECT_EQ(rows(routing_sql(greenplum_dialect(6)), kSales), columns);
  EXPECT_TRUE(rows(error_log_sql({"six", "sales"}), "(now())").empty());
  target_.exec("alter table six.gp_distribution_policy rename distkey to attrnums");
  EXPECT_EQ(rows(routing_sql(greenplum_dialect(5)), kSales), columns);
}

}  // namespace
}  // namespace dbsync::test
