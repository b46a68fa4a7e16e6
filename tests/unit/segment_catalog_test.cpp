#include "pgsql2pgsql/schema/segment_catalog.h"

#include <gtest/gtest.h>

#include "pgsql2pgsql/schema/definition_segments.h"
#include "schema/ddl_writer.h"
#include "schema/distribution.h"

namespace dbsync {
namespace {

TEST(SourceStorage, IsWrittenAsTheTargetIsToldIt) {
  EXPECT_EQ(storage_of("h", {}).options_sql, "appendonly=false");
  EXPECT_EQ(storage_of("h", {"fillfactor=70"}).options_sql, "appendonly=false, fillfactor=70");
  EXPECT_FALSE(storage_of("heap", {}).append_only);
  EXPECT_EQ(storage_of("a", {"appendonly=true", "compresstype=zlib", "compresslevel=5"}).options_sql,
            "appendonly=true, orientation=row, compresstype=zlib, compresslevel=5");
  EXPECT_EQ(storage_of("c", {"appendonly=true", "orientation=column", "blocksize=65536"}).options_sql,
            "appendonly=true, orientation=column, blocksize=65536");
  EXPECT_EQ(storage_of("ao_column", {"compresstype=zstd"}).options_sql,
            "appendonly=true, orientation=column, compresstype=zstd");
  EXPECT_TRUE(storage_of("ao_row", {}).append_only);
}

// Servers give each column of a column-oriented table an entry; those that say the same are noise.
TEST(ColumnEncodings, AreKeptWhereTheySaySomethingElseThanTheTable) {
  const auto own = [](const std::vector<std::string>& options, const std::string& encoding) {
    return !own_encodings(options, {{"c", encoding}}).empty();
  };
  EXPECT_FALSE(own({"appendonly=true", "orientation=column"}, "compresstype=none, blocksize=32768, compresslevel=0"));
  EXPECT_FALSE(own({"compresstype=zlib"}, "compresstype=zlib, compresslevel=1, blocksize=32768"));
  EXPECT_FALSE(own({"compresstype=ZLIB", "compresslevel=5"}, "compresstype=zlib, compresslevel=5, blocksize=32768"));
  EXPECT_FALSE(own({"blocksize=65536", "compresslevel=3"}, "compresstype=zlib, compresslevel=3, blocksize=65536"));
  EXPECT_TRUE(own({"compresstype=zlib"}, "compresstype=none, blocksize=32768, compresslevel=0"));
  EXPECT_TRUE(own({"compresstype=zlib"}, "compresstype=zlib, compresslevel=2, blocksize=32768"));
  EXPECT_TRUE(own({}, "compresstype=rle_type, compresslevel=1, blocksize=32768"));
  EXPECT_TRUE(own({"compresstype=zlib"}, "compresstype=zlib, compresslevel=1, blocksize=8192"));
}

// As a server before 7 writes them, the lowest level first.
constexpr char kTemplates[] =
    "ALTER TABLE public.\"Old name\" ALTER PARTITION FOR (RANK(1)) ALTER PARTITION l1 \n"
    "SET SUBPARTITION TEMPLATE \n          (\n          SUBPARTITION lll1 VALUES('M'), \n          SUBPARTITION lll2 "
    "VALUES('ALTER TABLE F')\n          );\n\n"
    "ALTER TABLE public.\"Old name\" \nSET SUBPARTITION TEMPLATE \n          (\n          SUBPARTITION l1 VALUES(1)\n  "
    "        )\n";

TEST(SubpartitionTemplates, OfAllLevelsAreSaidOfTheTargetsTable) {
  EXPECT_EQ(template_statements(kTemplates, {"sales", "new"}),
            (std::vector<std::string>{
                "ALTER TABLE \"sales\".\"new\" ALTER PARTITION FOR (RANK(1)) ALTER PARTITION l1 \nSET SUBPARTITION "
                "TEMPLATE \n          (\n          SUBPARTITION lll1 VALUES('M'), \n          SUBPARTITION lll2 "
                "VALUES('ALTER TABLE F')\n          )",
                "ALTER TABLE \"sales\".\"new\" SET SUBPARTITION TEMPLATE \n          (\n          SUBPARTITION l1 "
                "VALUES(1)\n          )"}));
  EXPECT_TRUE(template_statements("", {"sales", "new"}).empty());
}

TEST(ExternalTables, AreShownAsTheyWereMade) {
  const ExternalTable files{.name = {"public", "clicks"},
                            .columns_sql = "id integer, at date",
                            .locations = {"gpfdist://etl:8081/a*.txt", "gpfdist://etl:8082/it's.txt"},
                            .command = {},
                            .format = "text",
                            .format_options = "delimiter '|' null '' escape '\\' ",
                            .encoding = "UTF8",
                            .reject_limit = "10 ROWS",
                            .log_errors = true};
  EXPECT_EQ(external_table_sql(files),
            R"(CREATE EXTERNAL TABLE "public"."clicks" (id integer, at date) LOCATION ('gpfdist://etl:8081/a*.txt', )"
            R"('gpfdist://etl:8082/it''s.txt') FORMAT 'text' (delimiter '|' null '' escape '\') ENCODING 'UTF8' )"
            R"(LOG ERRORS SEGMENT REJECT LIMIT 10 ROWS)");
  const ExternalTable command{.name = {"public", "out"},
                              .columns_sql = "v text",
                              .locations = {},
                              .command = "cat > /tmp/x",
                              .format = "csv",
                              .format_options = "",
                              .encoding = "UTF8",
                              .reject_limit = {},
                              .writable = true};
  EXPECT_EQ(external_table_sql(command),
            R"(CREATE WRITABLE EXTERNAL WEB TABLE "public"."out" (v text) EXECUTE 'cat > /tmp/x' FORMAT 'csv' )"
            R"(ENCODING 'UTF8')");
}

Table sales() {
  Table table;
  table.name = {"public", "sales"};
  for (const char* name : {"id", "d"}) {
    Column column;
    column.name = name;
    column.type.kind = PgKind::int4;
    table.columns.push_back(column);
  }
  table.primary_key = {"sales_pkey", {"id", "d"}};
  table.distribution = Distribution{Distribution::Kind::by_columns, {"id"}};
  table.storage = storage_of("c", {"compresstype=zstd"});
  return table;
}

// Captured from a source; its clause is written as it came.
TEST(SourceStorage, ClassicPartitionsOfAllLevelsArePassedOn) {
  Table table = sales();
  table.storage = storage_of("h", {});
  table.partitioning =
      Partitioning{.method = {},
                   .columns = {"d"},
                   .partitions = {},
                   .classic_clause_sql =
                       "PARTITION BY RANGE(d)\n          (\n          PARTITION a START (1) END (5) EVERY (1) WITH "
                       "(tablename='sales_1_prt_a', appendonly=true )\n          )"};
  plan_distribution(table, greenplum_dialect(6), false);
  EXPECT_EQ(table.primary_key.columns.size(), 2U) << "it has the partition key";
  EXPECT_EQ(create_table_sql(table, greenplum_dialect(6)).front(),
            "CREATE TABLE \"public\".\"sales\" (\n    \"id\" integer,\n    \"d\" integer\n)\n"
            "WITH (appendonly=false)\nDISTRIBUTED BY (\"id\")\n" +
                table.partitioning->classic_clause_sql);
  table.primary_key.columns = {"id"};
  plan_distribution(table, greenplum_dialect(6), false);
  EXPECT_TRUE(table.primary_key.columns.empty()) << "it lacks the partition key";
}

TEST(SourceStorage, OfPartitionsIsWrittenWhereItIsNotTheTables) {
  Table table = sales();
  table.primary_key = {};
  Partition old;
  old.name = "old";
  old.bounds_sql = "FOR VALUES FROM (1) TO (5)";
  old.classic_sql = "START (1) INCLUSIVE END (5) EXCLUSIVE";
  old.storage = table.storage;
  Partition now = old;
  now.name = "now";
  now.storage = storage_of("h", {});
  table.partitioning = Partitioning{.method = "RANGE", .columns = {"d"}, .partitions = {old, now}};
  for (const int major : {6, 7}) {
    plan_distribution(table, greenplum_dialect(major), false);
    std::string sql;
    for (const std::string& statement : create_table_sql(table, greenplum_dialect(major))) sql += statement + ";\n";
    const std::string bounds = major == 6 ? "\"now\" START (1) INCLUSIVE END (5) EXCLUSIVE"
                                          : "\"now\" PARTITION OF \"public\".\"sales\" FOR VALUES FROM (1) TO (5)";
    EXPECT_NE(sql.find(bounds + " WITH (appendonly=false)"), std::string::npos) << sql;
    EXPECT_EQ(sql.find("compresstype=zstd"), sql.rfind("compresstype=zstd")) << "of the table, once: " << sql;
  }
}

// A table of Greenplum 6 with classic partitions, of which `place` tells.
struct ClassicSource {
  ClassicSource() {
    relation.name = {"public", "sales"};
    for (const char* name : {"id", "d"}) {
      PgColumn& column = relation.columns.emplace_back();
      column.name = name;
      column.type.kind = PgKind::int4;
    }
    place.distribution = Distribution{Distribution::Kind::by_columns, {"id"}};
    place.storage = storage_of("c", {"compresstype=quicklz"});
    place.storage.encodings = {{"d", "compresstype=QuickLZ, compresslevel=1"}};
    place.partition_clause = "PARTITION BY RANGE(d)\n (PARTITION a START (1) END (5) (SUBPARTITION x VALUES(1)))";
    place.partition_columns = {"d"};
    place.templates = {{0, "ALTER TABLE public.sales \nSET SUBPARTITION TEMPLATE \n (SUBPARTITION x VALUES(1))\n"}};
  }

  Table defined(const Dialect& dialect) const {
    Table table = sales();
    define_place(place, relation, dialect, table);
    return table;
  }
  static std::string notes(const Table& table) {
    std::string out;
    for (const std::string& note : table.notes) out += note + "\n";
    return out;
  }

  PgRelation relation;
  SegmentTable place;
};

TEST(DefinedPlace, KeepsClassicPartitionsAndTheirTemplate) {
  ClassicSource source;
  const Table table = source.defined(greenplum_dialect(6));
  EXPECT_EQ(ClassicSource::notes(table), "");
  EXPECT_EQ(table.storage.encodings, source.place.storage.encodings);
  EXPECT_EQ(finish_units(table, greenplum_dialect(6))[1].statements.at(0),
            "ALTER TABLE \"public\".\"sales\" SET SUBPARTITION TEMPLATE \n (SUBPARTITION x VALUES(1))");
}

TEST(DefinedPlace, HasZlibWhereQuicklzIsNoMore) {
  const Table table = ClassicSource().defined(greenplum_dialect(7));
  EXPECT_EQ(table.storage.options_sql, "appendonly=true, orientation=column, compresstype=zlib");
  EXPECT_EQ(table.storage.encodings, (std::vector<ColumnEncoding>{{"d", "compresstype=zlib, compresslevel=1"}}));
  EXPECT_EQ(ClassicSource::notes(table), "quicklz, which Greenplum 7 has not, became zlib\n");
  EXPECT_EQ(table.partitioning->template_statements.size(), 1U);
}

TEST(DefinedPlace, NamesTemplatesThatCannotBe) {
  ClassicSource by_rank;
  by_rank.place.storage = {};
  by_rank.place.templates[0].text = kTemplates;
  EXPECT_EQ(by_rank.defined(greenplum_dialect(6)).partitioning->template_statements.size(), 2U);
  const Table seven = by_rank.defined(greenplum_dialect(7));
  EXPECT_TRUE(seven.partitioning->template_statements.empty());
  EXPECT_EQ(ClassicSource::notes(seven),
            "its SUBPARTITION TEMPLATE was left out: Greenplum 7 does not find partitions by rank\n");
  ClassicSource silent;
  silent.place.templates[0].text = "";
  EXPECT_EQ(ClassicSource::notes(silent.defined(greenplum_dialect(6))),
            "its SUBPARTITION TEMPLATE was left out: the source cannot show it\n");
}

// The server's clauses have the source's names.
TEST(DefinedPlace, LeavesOutClausesThatNameOtherColumns) {
  ClassicSource source;
  source.place.storage = {};
  source.place.partition_clause += " COLUMN id ENCODING (compresstype=zlib)";
  EXPECT_TRUE(source.defined(greenplum_dialect(6)).partitioning.has_value());
  source.relation.columns[0].new_name = "number";
  Table table = sales();
  table.columns[0].name = "number";
  define_place(source.place, source.relation, greenplum_dialect(6), table);
  EXPECT_FALSE(table.partitioning.has_value());
  EXPECT_EQ(ClassicSource::notes(table), "its partitions were left out: all rows are in one table\n");
}

TEST(Placement, ADefaultPartitionForNullsIsLeftOutWhereThereAreNone) {
  Partition part;
  part.name = "p";
  part.classic_sql = "END (5) EXCLUSIVE";
  Partition nulls;
  nulls.name = "default";
  nulls.is_default = nulls.for_nulls = true;
  Table table = sales();
  table.storage = {};
  table.partitioning = Partitioning{.method = "RANGE", .columns = {"d"}, .partitions = {part, nulls}};
  Table without_key = table;
  without_key.primary_key = {};
  plan_distribution(table, greenplum_dialect(6), false);
  plan_distribution(without_key, greenplum_dialect(6), false);
  EXPECT_EQ(table.partitioning->partitions.size(), 1U) << "the primary key keeps NULLs off";
  EXPECT_EQ(without_key.partitioning->partitions.size(), 2U);
}

}  // namespace
}  // namespace dbsync
