#include "schema/ddl_writer.h"

#include <gtest/gtest.h>

#include "schema/quote.h"

namespace dbsync {
namespace {

TEST(Quote, IdentifiersAndLiteralsSurviveAnything) {
  EXPECT_EQ(quote_identifier("Order"), "\"Order\"");
  EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_literal("C:\\dir"), "E'C:\\\\dir'");
  EXPECT_EQ(quote_name({"s", "t"}), "\"s\".\"t\"");
  EXPECT_ANY_THROW(quote_identifier(std::string("a\0b", 3)));
}

TEST(DdlWriter, WritesATableWithKeyAndComments) {
  Table table;
  table.name = {"shop", "Order"};
  table.comment = "it's";
  table.notes = {"first\nsecond"};
  table.columns.push_back({"id", {PgKind::int4}, false, {}, {}, {}});
  table.columns.push_back({"select", {PgKind::varchar, 10}, true, "'x'", "the \"kind\"", "note"});
  table.primary_key.columns = {"id"};
  const auto statements = create_table_sql(table, postgresql_dialect(15));
  ASSERT_EQ(statements.size(), 3U);
