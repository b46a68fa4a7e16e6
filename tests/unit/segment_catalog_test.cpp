#include "pgsql2pgsql/schema/segment_catalog.h"

#include <gtest/gtest.h>

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

TEST(SegmentTables, AreAskedForAsEachServerKeepsThem) {
  const std::string six = segment_tables_sql(greenplum_dialect(6));
  EXPECT_NE(six.find("c.relstorage"), std::string::npos);
  EXPECT_NE(six.find("pg_catalog.pg_get_partition_def(c.oid, true)"), std::string::npos);
  const std::string seven = segment_tables_sql(greenplum_dialect(7));
  EXPECT_EQ(seven.find("relstorage"), std::string::npos);
  EXPECT_NE(seven.find("m.amname"), std::string::npos);
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
