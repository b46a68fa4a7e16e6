// How changes of a source table meet a target table that differs from it.
#include "cdc/apply_plan.h"

#include <gtest/gtest.h>

#include "tests/unit/row_images.h"

namespace dbsync {
namespace {

using test::Field;
using test::field;
using test::Fields;
using test::kInt4Oid;
using test::kTextOid;
using test::unchanged;
using Columns = std::vector<std::size_t>;

class ApplyPlanTest : public ::testing::Test {
 protected:
  ApplyPlanTest() {
    relation.name = target.name = {"public", "t"};
    relation.columns = {test::column_of("id", kInt4Oid, true), test::column_of("v", kTextOid, false),
                        test::column_of("w", kTextOid, false)};
    for (const auto& column : relation.columns)
      target.columns.push_back(test::target_column_of(column.name, column.type_oid));
  }
  ApplyPlan plan(TargetTraits traits = {}) const { return {std::make_shared<Relation>(relation), target, traits, "p"}; }
  TargetColumnInfo& target_column(const std::string& name) {
    for (auto& column : target.columns)
      if (column.name == name) return column;
    throw std::out_of_range(name);
  }

  Relation relation;
  TargetRelation target;
};

TEST_F(ApplyPlanTest, ColumnsAreMatchedByName) {
  std::reverse(target.columns.begin(), target.columns.end());
  EXPECT_EQ(plan().insert_one().sql, R"(INSERT INTO "public"."t" ("id", "v", "w") VALUES ($1, $2, $3))");
}

TEST_F(ApplyPlanTest, RowsAreFoundByTheReplicaIdentity) {
  ApplyPlan made = plan();
  EXPECT_EQ(made.match(), ApplyPlan::Match::key);
  EXPECT_EQ(made.key(), Columns{0});
  EXPECT_EQ(made.delete_one().sql, R"(DELETE FROM ONLY "public"."t" AS t WHERE t."id" = $1)");
}

TEST_F(ApplyPlanTest, WithoutAReplicaIdentityRowsAreNeverFound) {
  relation.columns[0].key = false;
  EXPECT_EQ(plan().match(), ApplyPlan::Match::never);
}

TEST_F(ApplyPlanTest, UnderFullAUniqueKeyOfTheTargetFindsRows) {
  relation.identity = ReplicaIdentity::full;
  for (auto& column : relation.columns) column.key = true;
  target.keys = {{"missing"}, {"v"}};
  const ApplyPlan made = plan();
  EXPECT_EQ(made.match(), ApplyPlan::Match::key);
  EXPECT_EQ(made.key(), Columns{1});
}

TEST_F(ApplyPlanTest, UnderFullWithoutAKeyTheWholeRowFindsIt) {
  relation.identity = ReplicaIdentity::full;
  for (auto& column : relation.columns) column.key = true;
  EXPECT_EQ(plan().match(), ApplyPlan::Match::whole_row);
}

TEST_F(ApplyPlanTest, AKeyThatTheTargetLacksIsAnErrorThatNamesIt) {
  std::erase_if(target.columns, [](const auto& column) { return column.name == "id"; });
  try {
    plan();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("public.t: the key column id"), std::string::npos) << error.message();
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST_F(ApplyPlanTest, ColumnsOfTheTargetAloneKeepRowsFromBeingReplaced) {
  EXPECT_TRUE(plan().replaceable());
  target.columns.push_back(test::target_column_of("own", kTextOid));
  EXPECT_FALSE(plan().replaceable());
  target.columns.back().generated = true;  // the target makes it anew
  EXPECT_TRUE(plan().replaceable());
}

TEST_F(ApplyPlanTest, GeneratedColumnsAreNotWritten) {
  target_column("w").generated = true;
  EXPECT_EQ(plan().written(), (Columns{0, 1}));
}

TEST_F(ApplyPlanTest, UnchangedColumnsAreNotWritten) {
  ApplyPlan made = plan();
  const Fields all{field(1), field("a"), field("b")};
  const Fields part{field(1), unchanged(), field("b")};
  EXPECT_EQ(made.mask_of(test::values_of(all)), 0U);
  const auto mask = made.mask_of(test::values_of(part));
  EXPECT_NE(mask, 0U);
  EXPECT_EQ(made.mask_of(test::values_of(part)), mask);
  EXPECT_EQ(made.set_of(mask), Columns{2});
  EXPECT_EQ(made.update_one(mask, false).sql, R"(UPDATE ONLY "public"."t" AS t SET "w" = $1 WHERE t."id" = $2)");
}

TEST_F(ApplyPlanTest, StatementsAreMadeOnceAndNamedByTheirPlan) {
  ApplyPlan made = plan();
  PgStatement& first = made.insert_one();
  EXPECT_EQ(&made.insert_one(), &first);
  EXPECT_TRUE(first.name.starts_with("p_")) << first.name;
  EXPECT_NE(made.delete_one().name, first.name);
  first.prepared = true;
  made.forget_prepared();
  EXPECT_FALSE(first.prepared);
}

TEST_F(ApplyPlanTest, BinaryParametersHaveTheTargetsTypes) {
  relation.values = RelationValues::source_binary;
  ApplyPlan made = plan();
  EXPECT_EQ(made.insert_one().types, (std::vector<std::uint32_t>{kInt4Oid, kTextOid, kTextOid}));
  EXPECT_EQ(made.delete_many().types, (std::vector<std::uint32_t>{test::kInt4ArrayOid}));
}

TEST_F(ApplyPlanTest, ArraysAreNotPutIntoArrays) {
  relation.values = RelationValues::source_binary;
  target_column("v").is_array = true;
  EXPECT_FALSE(plan().many_rows());
}

// The stream is opened again with values as text when this comes.
TEST_F(ApplyPlanTest, ABinaryFormThatTheTargetCannotTakeIsSaidAsTheServerSaysIt) {
  relation.values = RelationValues::source_binary;
  target_column("v").type_oid = kInt4Oid;
  try {
    plan();
    FAIL() << "text was taken for an integer";
  } catch (const Error& error) {
    EXPECT_EQ(error.sqlstate(), "22P03");
    EXPECT_TRUE(error.retryable());
    EXPECT_EQ(error.message(), "column v of public.t cannot be taken in binary form");
  }
  relation.values = RelationValues::source_text;
  EXPECT_NO_THROW(plan());
}

TEST_F(ApplyPlanTest, PartitionedTablesAreWrittenThroughTheirRoot) {
  target.partitioned = true;
  EXPECT_EQ(plan().delete_one().sql, R"(DELETE FROM "public"."t" AS t WHERE t."id" = $1)");
}

}  // namespace
}  // namespace dbsync
