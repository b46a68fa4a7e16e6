#include "cdc/transaction_assembler.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace dbsync {
namespace {

Relation table(std::uint32_t id, const char* name) {
  Relation out;
  out.id = id;
  out.name = {"public", name};
  out.columns = {{"id", true, 23, -1, {}}};
  return out;
}

// One column, text "7".
const std::string kTuple = [] {
  std::string out("\0\1t\0\0\0\1", 7);
  return out + "7";
}();

std::vector<std::string> tables_of(Transaction& transaction) {
  std::vector<std::string> out;
  for (const auto& relation : transaction.changes.relations()) out.push_back(relation->name.name);
  return out;
}

TransactionAssembler only(const std::string& wanted) {
  return TransactionAssembler({}, [wanted](const Relation& table) { return table.name.name == wanted; });
}

TEST(TransactionAssembler, DropsChangesOfTablesThatAreNotWanted) {
  auto assembler = only("a");
  assembler.begin(lsn_position(10), 0, 1);
  assembler.describe(table(1, "a"));
  assembler.describe(table(2, "b"));
  assembler.change(ChangeKind::insert, 1, OldImage::none, {}, kTuple);
  assembler.change(ChangeKind::insert, 2, OldImage::none, {}, kTuple);
  Transaction transaction = assembler.commit(lsn_position(20));
  EXPECT_EQ(transaction.changes.changes(), 1U);
  EXPECT_EQ(tables_of(transaction), std::vector<std::string>{"a"});
}

TEST(ChangeLog, HoldsNoMemoryForWhatIsSpilled) {
  ChangeLog log;
  const auto number = log.add_relation(std::make_shared<const Relation>(table(1, "a")));
  const std::string tuple(100000, 'x');
  for (int i = 0; i < 10; ++i) log.append(ChangeKind::insert, OldImage::none, number, {}, tuple);
  EXPECT_GE(log.memory_bytes(), 10 * tuple.size());
  log.spill();
  EXPECT_LT(log.memory_bytes(), 100U);
  EXPECT_GE(log.bytes(), 10 * tuple.size());
}

TEST(TransactionAssembler, TruncatesOnlyWhatIsWanted) {
  auto assembler = only("a");
  assembler.begin(lsn_position(10), 0, 1);
  assembler.describe(table(1, "a"));
  assembler.describe(table(2, "b"));
  assembler.truncate(false, {2});
  assembler.truncate(false, {1, 2});
  Transaction transaction = assembler.commit(lsn_position(20));
  EXPECT_EQ(transaction.changes.changes(), 1U);
  EXPECT_EQ(tables_of(transaction), std::vector<std::string>{"a"});
}

TEST(TransactionAssembler, ChecksWhatIsNotWantedAllTheSame) {
  auto assembler = only("a");
  assembler.begin(lsn_position(10), 0, 1);
  assembler.describe(table(2, "b"));
  EXPECT_THROW(assembler.change(ChangeKind::insert, 3, OldImage::none, {}, kTuple), Error);
  Relation wider = table(2, "b");
  wider.columns.push_back({"v", false, 25, -1, {}});
  assembler.describe(wider);
  EXPECT_THROW(assembler.change(ChangeKind::insert, 2, OldImage::none, {}, kTuple), Error);
}

}  // namespace
}  // namespace dbsync
