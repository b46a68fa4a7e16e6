// How a change's values are completed from its old image.
#include "cdc/row_change.h"

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

// t(id integer, part text, v text), key (id, part).
ApplyPlan plan_of_t(ReplicaIdentity identity = ReplicaIdentity::primary_key) {
  auto relation = std::make_shared<Relation>();
  relation->name = {"public", "t"};
  relation->identity = identity;
  relation->columns = {test::column_of("id", kInt4Oid, true), test::column_of("part", kTextOid, true),
                       test::column_of("v", kTextOid, false)};
  TargetRelation target;
  target.name = relation->name;
  target.columns = {test::target_column_of("id", kInt4Oid), test::target_column_of("part", kTextOid),
                    test::target_column_of("v", kTextOid)};
  target.keys = {{"id", "part"}};
  return {std::move(relation), std::move(target), {}, "p"};
}

class RowChangeTest : public ::testing::Test {
 protected:
  RowChange& read(ChangeKind kind, OldImage image, const Fields& old_row, const Fields& new_row,
                  const ApplyPlan& plan) {
    old_tuple_ = test::tuple_of(old_row);
    new_tuple_ = test::tuple_of(new_row);
    Change change;
    change.kind = kind;
    change.old_image = image;
    change.relation = &plan.relation();
    if (image != OldImage::none) change.old_tuple = old_tuple_;
    if (kind != ChangeKind::remove) change.new_tuple = new_tuple_;
    row_.read(change, plan);
    return row_;
  }
  static Fields fields_of(const std::vector<Value>& row) {
    Fields out;
    for (const Value& value : row) out.push_back(test::field_of(value));
    return out;
  }

 private:
  std::string old_tuple_;
  std::string new_tuple_;
  RowChange row_;
};

TEST_F(RowChangeTest, AnUpdateWithoutOldImageKeepsItsKey) {
  const ApplyPlan plan = plan_of_t();
  const RowChange& change = read(ChangeKind::update, OldImage::none, {}, {field(1), field("a"), field("x")}, plan);
  EXPECT_FALSE(change.key_changed);
  EXPECT_TRUE(change.whole);
  EXPECT_EQ(fields_of(change.old_row), fields_of(change.row));
}

TEST_F(RowChangeTest, AnOldKeyShowsThatTheKeyChanged) {
  const ApplyPlan plan = plan_of_t();
  const RowChange& change = read(ChangeKind::update, OldImage::key, {field(1), field("a"), Field{}},
                                 {field(1), field("b"), field("x")}, plan);
  EXPECT_TRUE(change.key_changed);
  EXPECT_EQ(key_text(plan, change.old_row.data()), "id = 1, part = a");
}

TEST_F(RowChangeTest, AnUnchangedPartOfTheKeyComesFromTheOldImage) {
  const ApplyPlan plan = plan_of_t();
  const RowChange& change = read(ChangeKind::update, OldImage::key, {field(1), field("a"), Field{}},
                                 {field(2), unchanged(), field("x")}, plan);
  EXPECT_TRUE(change.key_changed);
  EXPECT_EQ(fields_of(change.row), (Fields{field(2), field("a"), field("x")}));
}

TEST_F(RowChangeTest, AKeyThatIsNotToldIsAnErrorThatNamesIt) {
  const ApplyPlan plan = plan_of_t();
  try {
    read(ChangeKind::update, OldImage::none, {}, {field(1), unchanged(), field("x")}, plan);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("public.t does not tell its key column part"), std::string::npos) << error.message();
    EXPECT_NE(error.hint().find("REPLICA IDENTITY FULL"), std::string::npos);
  }
}

TEST_F(RowChangeTest, AFullOldImageFillsWhatIsUnchanged) {
  const ApplyPlan plan = plan_of_t(ReplicaIdentity::full);
  const RowChange& change = read(ChangeKind::update, OldImage::full, {field(1), field("a"), field("large")},
                                 {field(1), field("a"), unchanged()}, plan);
  EXPECT_TRUE(change.whole);
  EXPECT_EQ(fields_of(change.row), (Fields{field(1), field("a"), field("large")}));
}

TEST_F(RowChangeTest, AValueThatStaysUnchangedMakesTheRowIncomplete) {
  const ApplyPlan plan = plan_of_t();
  EXPECT_FALSE(read(ChangeKind::update, OldImage::none, {}, {field(1), field("a"), unchanged()}, plan).whole);
}

TEST_F(RowChangeTest, ADeleteIsItsOldImage) {
  const ApplyPlan plan = plan_of_t();
  const RowChange& change = read(ChangeKind::remove, OldImage::key, {field(1), field("a"), Field{}}, {}, plan);
  EXPECT_EQ(fields_of(change.old_row), (Fields{field(1), field("a"), Field{}}));
  EXPECT_FALSE(change.key_changed);
}

// NULL and '' are two keys.
TEST_F(RowChangeTest, NullAndTheEmptyTextAreDifferentKeys) {
  const ApplyPlan plan = plan_of_t();
  EXPECT_TRUE(
      read(ChangeKind::update, OldImage::key, {field(1), Field{}, Field{}}, {field(1), field(""), field("x")}, plan)
          .key_changed);
}

TEST_F(RowChangeTest, KeysAreShownAsUsersWriteThem) {
  const ApplyPlan plan = plan_of_t();
  const Fields row{field(7), field(std::string(100, 'k')), Field{}};
  const auto values = test::values_of(row);
  const std::string text = key_text(plan, values.data());
  EXPECT_EQ(text, "id = 7, part = " + std::string(60, 'k') + "...");
}

}  // namespace
}  // namespace dbsync
