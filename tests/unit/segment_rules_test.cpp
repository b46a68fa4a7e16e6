#include "copy/segment_rules.h"

#include <gtest/gtest.h>

#include "tests/unit/config_test_support.h"

namespace dbsync {
namespace {

using test::caught;

void expect_contains(const Error& error, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) test::expect_contains(error.what(), part);
}

Config config(const std::string& sections) {
  return parse_config("[src.mysql]\nuser = u\ndb = d\n[desc.pgsql]\nconnect_string = \"dbname=t\"\n" + sections,
                      "my.cfg", Program::mysql2pgsql, true);
}

Table table(const std::string& name) {
  Table out;
  out.name = {"public", name};
  Column column;
  column.name = "id";
  out.columns.push_back(column);
  column.name = "k";
  out.columns.push_back(column);
  return out;
}

Table applied(const std::string& sections, const std::string& name, const Dialect& dialect = greenplum_dialect(6)) {
  Table out = table(name);
  SegmentRules(config(sections)).apply(out, dialect);
  return out;
}

TEST(SegmentRules, DistributionByNameGoesBeforePatterns) {
  const std::string rules = "[distribution]\nlog_* = randomly\n* = k\npublic.log_1 = id, k\nlog_2 = replicated\n";
  using Kind = Distribution::Kind;
  EXPECT_EQ(applied(rules, "log_9").distribution->kind, Kind::randomly);
  EXPECT_EQ(applied(rules, "orders").distribution->columns, (std::vector<std::string>{"k"}));
  EXPECT_EQ(applied(rules, "log_1").distribution->columns, (std::vector<std::string>{"id", "k"}));
  EXPECT_EQ(applied(rules, "log_2").distribution->kind, Kind::replicated);
  EXPECT_FALSE(applied(rules, "log_1", postgresql_dialect(15)).distribution);
}

TEST(SegmentRules, AColumnThatIsNotThereIsAnErrorThatNamesItsLine) {
  expect_contains(caught([] { applied("[distribution]\no* = x\n", "orders"); }),
                  {"my.cfg line 7: [distribution] o*", "public.orders has no column x"});
}

// What the source said of a table's storage is of its columns and partitions, too.
TEST(SegmentRules, AStorageGoesForColumnsAndPartitions) {
  Table out = table("log");
  out.storage = {"appendonly=true, orientation=column", true, {{"k", "compresstype=zlib"}}};
  Partition part;
  part.storage = {"appendonly=false"};
  Partition above = part;
  above.parts = {part};
  out.partitioning = Partitioning{.method = "RANGE", .columns = {"k"}, .partitions = {above}};
  SegmentRules(config("[greenplum]\nother.storage = heap\n")).apply(out, greenplum_dialect(7));
  EXPECT_EQ(out.partitioning->partitions[0].parts[0].storage.options_sql, "appendonly=false");
  SegmentRules(config("[greenplum]\nlog.storage = ao_row\n")).apply(out, greenplum_dialect(7));
  EXPECT_EQ(out.storage.options_sql, "appendonly=true, orientation=row");
  EXPECT_TRUE(out.storage.encodings.empty());
  EXPECT_EQ(out.partitioning->partitions[0].storage.options_sql, "");
  EXPECT_EQ(out.partitioning->partitions[0].parts[0].storage.options_sql, "");
  ASSERT_EQ(out.notes.size(), 1U);
  expect_contains(Error(ErrorKind::config, out.notes[0]), {"the ENCODING of its columns was left out"});
}

TEST(SegmentRules, StorageIsSetForAllAndForSome) {
  const std::string rules =
      "[greenplum]\nstorage = heap\ncompresstype = zstd\ncompresslevel = 15\nlog_*.storage = AO_Column\n"
      "public.log_1.compresstype = zlib\nlog_2.compresstype = none\nlog_3.compresslevel = 1\n"
      "log_4.storage = ao_row\n";
  const auto options = [&](const std::string& name) { return applied(rules, name).storage.options_sql; };
  EXPECT_EQ(options("orders"), "appendonly=false");
  EXPECT_EQ(options("log_9"), "appendonly=true, orientation=column, compresstype=zstd, compresslevel=15");
  EXPECT_EQ(options("log_1"), "appendonly=true, orientation=column, compresstype=zlib")
      << "the level of another compression is none of its own";
  EXPECT_EQ(options("log_2"), "appendonly=true, orientation=column");
  EXPECT_EQ(options("log_3"), "appendonly=true, orientation=column, compresstype=zstd, compresslevel=1");
  EXPECT_EQ(options("log_4"), "appendonly=true, orientation=row, compresstype=zstd, compresslevel=15");
  EXPECT_TRUE(applied(rules, "log_9").storage.append_only);
  EXPECT_FALSE(applied(rules, "orders").storage.append_only);
  EXPECT_EQ(applied(rules, "log_9", postgresql_dialect(15)).storage.options_sql, "");
  EXPECT_EQ(applied("[greenplum]\nlog_*.storage = heap\n", "orders").storage.options_sql, "")
      << "the database's own choice";
}

TEST(SegmentRules, WrongSettingsOfTablesAreErrors) {
  expect_contains(caught([] { config("[greenplum]\nlog_*.storge = heap\n"); }), {"line 7", "unknown key"});
  expect_contains(caught([] { config("[greenplum]\nlog_*.storage = column\n"); }),
                  {"line 7", "[greenplum] log_*.storage"});
  expect_contains(caught([] { config("[greenplum]\nlog_*.compresslevel = 99\n"); }),
                  {"line 7", "[greenplum] log_*.compresslevel"});
}

TEST(SegmentRules, IdleOnesAreWarnedOfWithWhatIsNearest) {
  const std::vector<QualifiedName> targets{{"public", "orders"}, {"public", "customers"}};
  const SegmentRules rules(
      config("[distribution]\norders = id\npublic.customers = id\ncostumers = id\nx = randomly\nord* = id\n"
             "[greenplum]\nlog_*.storage = heap\ncust*.storage = heap\n"));
  EXPECT_EQ(rules.idle(targets),
            (std::vector<std::string>{
                "my.cfg line 9: [distribution] costumers: there is no such target table, did you mean customers?",
                "my.cfg line 10: [distribution] x: there is no such target table",
                "my.cfg line 13: [greenplum] log_*.storage: there is no such target table"}));
}

}  // namespace
}  // namespace dbsync
