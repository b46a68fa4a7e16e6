// Every statement that applies changes, for the kinds of tables there are.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cdc/apply_sql.h"
#include "tests/golden/golden.h"

namespace dbsync {
namespace {

constexpr std::uint32_t kInt4 = 23, kText = 25, kJson = 114, kNumeric = 1700;

SqlColumn column(const std::string& name, const std::string& type, std::uint32_t oid) { return {name, type, oid}; }

const SqlColumn kId = column("\"id\"", "integer", kInt4);
const SqlColumn kPart = column("\"Part\"", "text", kText);
const SqlColumn kPrice = column("\"price\"", "numeric", kNumeric);
const SqlColumn kDocument = column("\"document\"", "json", kJson);
const SqlColumn kAlways = {"\"always\"", "integer", kInt4};

std::string statements_of(const std::string& title, const SqlTable& table) {
  const std::vector<SqlColumn> all{kId, kPart, kPrice, kDocument};
  const std::vector<SqlColumn> set{kPrice, kDocument};
  const std::vector<SqlColumn> key{kId, kPart};
  const std::vector<SqlColumn> check{kAlways};
  std::string out = fmt::format("-- {}\n", title);
  const auto add = [&out](const std::string& what, const std::string& sql) {
    out += fmt::format("-- {}\n{};\n", what, sql);
  };
  add("insert", insert_one_sql(table, all));
  add("insert without columns", insert_one_sql(table, {}));
  add("insert many", insert_many_sql(table, all));
  add("copy", copy_sql(table, all));
  add("update", update_one_sql(table, set, key, {}));
  add("update, a column checked", update_one_sql(table, set, key, check));
  add("update many", update_many_sql(table, set, key, check));
  add("is the key taken", taken_one_sql(table, key, false));
  add("is it by another row", taken_one_sql(table, key, true));
  add("are keys taken", taken_many_sql(table, key));
  add("delete", delete_one_sql(table, key));
  add("delete many", delete_many_sql(table, key));
  add("update of a whole row", update_whole_row_sql(table, set, all, {false, false, false, false}));
  add("update of a whole row with NULLs", update_whole_row_sql(table, set, all, {false, true, false, true}));
  add("delete of a whole row", delete_whole_row_sql(table, all, {true, false, false, false}));
  add("replace by key", replace_row_sql(table, {kAlways}, {"\"own\""}, delete_one_sql(table, key, 2)));
  add("replace of a whole row",
      replace_row_sql(table, {kAlways}, {}, delete_whole_row_sql(table, all, {false, false, true, false}, 2)));
  return out + "\n";
}

TEST(Golden, StatementsThatApplyChanges) {
  SqlTable plain;
  plain.name = R"("public"."t")";
  plain.only = true;
  SqlTable binary = plain;
  binary.binary = true;
  SqlTable partitioned = plain;
  partitioned.only = partitioned.ctid_is_unique = false;
  SqlTable distributed = partitioned;
  distributed.distributed = true;
  SqlTable identity = plain;
  identity.overriding = true;
  test::expect_golden(
      "tests/golden/apply.sql",
      statements_of("an ordinary table, values as text", plain) + statements_of("the same, values in binary", binary) +
          statements_of("a partitioned table", partitioned) + statements_of("a table on segments", distributed) +
          statements_of("a table with an identity column GENERATED ALWAYS", identity));
}

}  // namespace
}  // namespace dbsync
