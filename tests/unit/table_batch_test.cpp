// What a run of changes of one table comes to, per row.
#include "cdc/table_batch.h"

#include <map>
#include <random>
#include <set>

#include <fmt/format.h>
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
using test::values_of;
using Net = TableBatch::Net;

// t(id integer key, a text, b text)
ApplyPlan plan_of_t(bool with_a_column_of_the_target = false) {
  auto relation = std::make_shared<Relation>();
  relation->name = {"public", "t"};
  relation->columns = {test::column_of("id", kInt4Oid, true), test::column_of("a", kTextOid, false),
                       test::column_of("b", kTextOid, false)};
  TargetRelation target;
  target.name = relation->name;
  target.columns = {test::target_column_of("id", kInt4Oid), test::target_column_of("a", kTextOid),
                    test::target_column_of("b", kTextOid)};
  if (with_a_column_of_the_target) target.columns.push_back(test::target_column_of("own", kTextOid));
  return {std::move(relation), std::move(target), {}, "p"};
}

class TableBatchTest : public ::testing::Test {
 protected:
  // The batch holds views: rows stay until the end.
  const std::vector<Value>& row(Fields fields) {
    fields_.push_back(std::make_unique<Fields>(std::move(fields)));
    rows_.push_back(std::make_unique<std::vector<Value>>(values_of(*fields_.back())));
    return *rows_.back();
  }
  Fields fields_of(const TableBatch& batch, const TableBatch::Entry& entry) const {
    Fields out;
    for (std::size_t i = 0; i < batch.plan().width(); ++i) out.push_back(test::field_of(batch.row(entry)[i]));
    return out;
  }
  const TableBatch::Entry& only_entry(const TableBatch& batch) {
    EXPECT_EQ(batch.entries().size(), 1U);
    return batch.entries().front();
  }

  ApplyPlan plan_ = plan_of_t();
  TableBatch batch_{plan_};

 private:
  std::vector<std::unique_ptr<Fields>> fields_;
  std::vector<std::unique_ptr<std::vector<Value>>> rows_;
};

TEST_F(TableBatchTest, WritesARowOnceWithItsLastValues) {
  EXPECT_TRUE(batch_.update(row({field(1), field("x"), field("y")})));
  EXPECT_TRUE(batch_.update(row({field(1), field("z"), unchanged()})));
  EXPECT_EQ(only_entry(batch_).net, Net::update);
  EXPECT_EQ(fields_of(batch_, only_entry(batch_)), (Fields{field(1), field("z"), field("y")}));
}

TEST_F(TableBatchTest, WritesOnlyWhatChanged) {
  EXPECT_TRUE(batch_.update(row({field(1), unchanged(), field("y")})));
  EXPECT_EQ(plan_.set_of(only_entry(batch_).mask), (std::vector<std::size_t>{2}));
  EXPECT_TRUE(batch_.update(row({field(1), field("x"), unchanged()})));
  EXPECT_EQ(plan_.set_of(only_entry(batch_).mask), (std::vector<std::size_t>{1, 2}));
  EXPECT_TRUE(batch_.update(row({field(2), unchanged(), unchanged()})));
  EXPECT_TRUE(plan_.set_of(batch_.entries().back().mask).empty());
}

TEST_F(TableBatchTest, InsertsWithTheValuesOfLaterUpdates) {
  EXPECT_TRUE(batch_.insert(row({field(1), field("x"), Field{}})));
  EXPECT_TRUE(batch_.update(row({field(1), unchanged(), field("y")})));
  EXPECT_EQ(only_entry(batch_).net, Net::insert);
  EXPECT_EQ(fields_of(batch_, only_entry(batch_)), (Fields{field(1), field("x"), field("y")}));
}

TEST_F(TableBatchTest, WritesNothingForARowThatCameAndWent) {
  EXPECT_TRUE(batch_.insert(row({field(1), field("x"), Field{}})));
  EXPECT_TRUE(batch_.remove(row({field(1), Field{}, Field{}})));
  EXPECT_EQ(only_entry(batch_).net, Net::nothing);
  EXPECT_TRUE(batch_.insert(row({field(1), field("again"), Field{}})));
  EXPECT_EQ(only_entry(batch_).net, Net::insert);
}

TEST_F(TableBatchTest, MakesAnUpdateOfARowThatWentAndCame) {
  EXPECT_TRUE(batch_.remove(row({field(1), Field{}, Field{}})));
  EXPECT_TRUE(batch_.insert(row({field(1), field("x"), field("y")})));
  EXPECT_EQ(only_entry(batch_).net, Net::update);
  EXPECT_EQ(plan_.set_of(only_entry(batch_).mask), (std::vector<std::size_t>{1, 2}));
}

// The row that comes must not get the values of a column that only the target has.
TEST_F(TableBatchTest, RefusesToReplaceRowsWithColumnsOfTheirOwn) {
  ApplyPlan plan = plan_of_t(true);
  TableBatch batch(plan);
  EXPECT_TRUE(batch.remove(row({field(1), Field{}, Field{}})));
  EXPECT_FALSE(batch.insert(row({field(1), field("x"), field("y")})));
}

TEST_F(TableBatchTest, RefusesContradictions) {
  EXPECT_TRUE(batch_.insert(row({field(1), field("x"), Field{}})));
  EXPECT_FALSE(batch_.insert(row({field(1), field("x"), Field{}})));
  EXPECT_TRUE(batch_.remove(row({field(2), Field{}, Field{}})));
  EXPECT_FALSE(batch_.remove(row({field(2), Field{}, Field{}})));
  EXPECT_FALSE(batch_.update(row({field(2), field("x"), Field{}})));
  EXPECT_TRUE(batch_.update(row({field(3), field("x"), Field{}})));
  EXPECT_FALSE(batch_.insert(row({field(3), field("x"), Field{}})));
}

TEST_F(TableBatchTest, ForgetsAllWhenCleared) {
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(batch_.insert(row({field(i), Field{}, Field{}})));
  batch_.clear();
  EXPECT_TRUE(batch_.empty());
  EXPECT_TRUE(batch_.update(row({field(7), field("x"), Field{}})));
  EXPECT_EQ(only_entry(batch_).net, Net::update);
}

// Random changes, and what they come to, against a plain map.
class Model {
 public:
  explicit Model(unsigned seed) : random_(seed) {}

  std::map<int, Fields> rows;

  int number(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  Field text() {
    return number(8) == 0
               ? Field{}
               : field(std::string(static_cast<std::size_t>(number(4)), 'a' + static_cast<char>(number(26))));
  }

 private:
  std::mt19937 random_;
};

void write(const TableBatch& batch, std::map<int, Fields>& rows) {
  std::set<int> seen;
  for (const TableBatch::Entry& entry : batch.entries()) {
    const Value* values = batch.row(entry);
    const int id = std::stoi(std::string(values[0].bytes()));
    EXPECT_TRUE(seen.insert(id).second) << id << " is written twice";
    switch (entry.net) {
      case Net::insert:
        EXPECT_FALSE(rows.contains(id));
        rows[id] = {field(id), test::field_of(values[1]), test::field_of(values[2])};
        break;
      case Net::update:
        EXPECT_TRUE(rows.contains(id));
        for (const std::size_t i : batch.plan().set_of(entry.mask)) rows[id][i] = test::field_of(values[i]);
        break;
      case Net::remove: EXPECT_EQ(rows.erase(id), 1U); break;
      case Net::nothing: EXPECT_FALSE(rows.contains(id)); break;
    }
  }
}

TEST_F(TableBatchTest, ComesToWhatAnyOrderOfChangesComesTo) {
  constexpr int kSeeds = 200, kChanges = 300, kIds = 40;
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Model model(seed);
    for (int id = 0; id < kIds; id += 2) model.rows[id] = {field(id), model.text(), model.text()};
    std::map<int, Fields> target = model.rows;
    for (int i = 0; i < kChanges; ++i) {
      const int id = model.number(kIds);
      const auto found = model.rows.find(id);
      if (found == model.rows.end()) {
        model.rows[id] = {field(id), model.text(), model.text()};
        ASSERT_TRUE(batch_.insert(row(model.rows[id])));
      } else if (model.number(3) == 0) {
        model.rows.erase(found);
        ASSERT_TRUE(batch_.remove(row({field(id), Field{}, Field{}})));
      } else {
        Fields change{field(id), unchanged(), unchanged()};
        for (const std::size_t column : {1U, 2U})
          if (model.number(2) == 0) found->second[column] = change[column] = model.text();
        ASSERT_TRUE(batch_.update(row(change)));
      }
      if (model.number(100) != 0 && i + 1 != kChanges) continue;
      write(batch_, target);
      ASSERT_EQ(target, model.rows);
      batch_.clear();
    }
  }
}

}  // namespace
}  // namespace dbsync
