// Random transactions through both ways of applying them, against a plain map: what
// the target holds must be what the changes come to.
//
// DBSYNC_MODEL_SEED=N runs one seed, which a failure names; DBSYNC_MODEL_SEEDS=N runs
// so many.
#include <array>
#include <map>
#include <random>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cdc/applier.h"
#include "tests/harness/environment.h"
#include "tests/harness/target_db.h"
#include "tests/unit/row_images.h"

namespace dbsync::test {
namespace {

constexpr int kTransactions = 60;
constexpr int kMostChanges = 25;

constexpr char kTables[] =
    "create table keyed (id int primary key, v text, n int);"
    "create table pairs (part text, id int, u int unique, v text, primary key (part, id));"
    "create table logged (n int, v text)";
// With it changes keep their order.
constexpr char kTrigger[] =
    "create or replace function nothing() returns trigger language plpgsql as 'begin return new; end';"
    "create trigger always before insert or update on keyed for each row execute function nothing();"
    "alter table keyed enable always trigger always";

std::shared_ptr<const Relation> relation(std::uint32_t id, const std::string& name, std::vector<RelationColumn> columns,
                                         bool binary) {
  auto out = std::make_shared<Relation>();
  out->id = id;
  out->name = {"public", name};
  out->columns = std::move(columns);
  if (binary) out->values = RelationValues::source_binary;
  if (name == "logged") out->identity = ReplicaIdentity::full;
  return out;
}

// A description of which the source says at first that it hides a change.
bool doubtful(const Relation& relation) { return relation.id == 1 && relation.transaction % 5 == 4; }

// A source with three tables: what its transactions are, and what they come to.
class ModelSource {
 public:
  ModelSource(unsigned seed, bool binary)
      : binary_(binary),
        random_(seed),
        keyed_(relation(
            1, "keyed",
            {column_of("id", kInt4Oid, true), column_of("v", kTextOid, false), column_of("n", kInt4Oid, false)},
            binary)),
        pairs_(relation(2, "pairs",
                        {column_of("part", kTextOid, true), column_of("id", kInt4Oid, true),
                         column_of("u", kInt4Oid, false), column_of("v", kTextOid, false)},
                        binary)),
        logged_(relation(3, "logged", {column_of("n", kInt4Oid, true), column_of("v", kTextOid, true)}, binary)) {}

  std::map<int, Fields> keyed;
  std::map<std::pair<std::string, int>, Fields> pairs;
  std::multiset<Fields> logged;

  Transaction next() {
    Transaction out;
    // Some from a file, of which hardly more than a row is read at once.
    if (number(2) == 0) out.changes = ChangeLog({.memory_bytes = 1, .piece_bytes = 40});
    out.start = lsn_position(static_cast<std::uint64_t>(++count_) * 100);
    out.end = lsn_position(static_cast<std::uint64_t>(count_) * 100 + 50);
    log_ = &out.changes;
    for (auto* table : {&keyed_, &pairs_, &logged_}) {
      if (number(6) == 0) describe_again(*table);
      numbers_[(*table)->id - 1] = log_->add_relation(*table);
    }
    if (doubtful(*keyed_) && keyed_->transaction == static_cast<std::uint32_t>(count_)) {
      change_keyed();  // nothing that does not fit for other reasons
      return out;
    }
    for (int i = 1 + number(kMostChanges); i > 0; --i) change();
    return out;
  }

  int number(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

 private:
  // As a source does behind each ANALYZE.
  void describe_again(std::shared_ptr<const Relation>& table) const {
    Relation again = *table;
    again.transaction = static_cast<std::uint32_t>(count_);
    table = std::make_shared<const Relation>(std::move(again));
  }

  void change() {
    if (number(20) == 0) {
      describe_again(pairs_);
      numbers_[pairs_->id - 1] = log_->add_relation(pairs_);
    }
    switch (number(40)) {
      case 0: return truncate();
      case 1: return swap_keys();
      case 2: return swap_unique_values();
      default: break;
    }
    switch (number(3)) {
      case 0: return change_keyed();
      case 1: return change_pairs();
      default: return change_logged();
    }
  }

  Field text() {
    return number(6) == 0
               ? Field{}
               : field(std::string(static_cast<std::size_t>(number(3)), 'a' + static_cast<char>(number(26))));
  }
  Field integer() { return number(6) == 0 ? Field{} : field(number(1000)); }

  void append(ChangeKind kind, OldImage image, const std::shared_ptr<const Relation>& table, const Fields& old_row,
              const Fields& new_row) {
    const Relation* binary = binary_ ? table.get() : nullptr;
    log_->append(kind, image, numbers_[table->id - 1], image == OldImage::none ? "" : tuple_of(old_row, binary),
                 kind == ChangeKind::remove ? "" : tuple_of(new_row, binary));
  }

  void change_keyed() {
    const int id = number(30);
    const auto found = keyed.find(id);
    if (found == keyed.end()) {
      keyed[id] = {field(id), text(), integer()};
      return append(ChangeKind::insert, OldImage::none, keyed_, {}, keyed[id]);
    }
    const Fields key{field(id), Field{}, Field{}};
    if (number(4) == 0) {
      keyed.erase(found);
      return append(ChangeKind::remove, OldImage::key, keyed_, key, {});
    }
    if (const int to = number(30); number(4) == 0 && !keyed.contains(to)) return move_keyed(id, to, number(3) == 0);
    Fields row = found->second;
    row[2] = found->second[2] = integer();
    row[1] = unchanged();
    append(ChangeKind::update, OldImage::none, keyed_, {}, row);
  }

  // `part`: the source leaves a value out that it did not change.
  void move_keyed(int from, int to, bool part) {
    Fields row = keyed[from];
    keyed.erase(from);
    row[0] = field(to);
    keyed[to] = row;
    if (part) row[1] = unchanged();
    append(ChangeKind::update, OldImage::key, keyed_, {field(from), Field{}, Field{}}, row);
  }

  // Two rows change places, by way of a third key.
  void swap_keys() {
    constexpr int kOther = 1000;
    if (keyed.size() < 2) return;
    const int first = keyed.begin()->first, last = keyed.rbegin()->first;
    move_keyed(first, kOther, false);
    move_keyed(last, first, false);
    move_keyed(kOther, last, false);
  }

  bool taken(const Field& u) const {
    for (const auto& [key, row] : pairs)
      if (row[2] == u) return true;
    return false;
  }

  void set_unique(Fields& row, const Field& u) {
    row[2] = u;
    append(ChangeKind::update, OldImage::none, pairs_, {}, row);
  }

  // Only the order of the three makes it possible.
  void swap_unique_values() {
    if (pairs.size() < 2) return;
    Fields& first = pairs.begin()->second;
    Fields& last = pairs.rbegin()->second;
    const Field of_first = first[2], of_last = last[2];
    set_unique(first, Field{});
    set_unique(last, of_first);
    set_unique(first, of_last);
  }

  void change_pairs() {
    const std::pair<std::string, int> key{std::string(1, 'a' + static_cast<char>(number(3))), number(8)};
    const auto found = pairs.find(key);
    Field u = field(number(1000));
    if (taken(u)) u = Field{};
    if (found == pairs.end()) {
      pairs[key] = {field(key.first), field(key.second), u, text()};
      return append(ChangeKind::insert, OldImage::none, pairs_, {}, pairs[key]);
    }
    if (number(3) == 0) {
      pairs.erase(found);
      return append(ChangeKind::remove, OldImage::key, pairs_, {field(key.first), field(key.second), Field{}, Field{}},
                    {});
    }
    found->second[3] = text();
    set_unique(found->second, u);
  }

  void change_logged() {
    const auto any = logged.empty() ? logged.end() : std::next(logged.begin(), number(static_cast<int>(logged.size())));
    if (any == logged.end() || number(2) == 0) {
      const Fields row{integer(), text()};
      logged.insert(row);
      return append(ChangeKind::insert, OldImage::none, logged_, {}, row);
    }
    const Fields old_row = *any;
    logged.erase(any);
    if (number(2) == 0) return append(ChangeKind::remove, OldImage::full, logged_, old_row, {});
    Fields row{integer(), old_row[1]};
    logged.insert(row);
    if (row[1].kind == Field::Kind::value && number(2) == 0) row[1] = unchanged();
    append(ChangeKind::update, OldImage::full, logged_, old_row, row);
  }

  void truncate() {
    std::vector<std::uint32_t> tables;
    if (number(2) == 0) {
      tables.push_back(0);
      keyed.clear();
    }
    if (number(2) == 0) {
      tables.push_back(1);
      pairs.clear();
    }
    if (tables.empty() || number(2) == 0) {
      tables.push_back(2);
      logged.clear();
    }
    for (std::uint32_t& table : tables) table = numbers_[table];
    log_->append_truncate(false, tables);
  }

  bool binary_;
  std::mt19937 random_;
  std::shared_ptr<const Relation> keyed_, pairs_, logged_;
  std::array<std::uint32_t, 3> numbers_{};  // of the tables in log_
  ChangeLog* log_ = nullptr;
  int count_ = 0;
};

Row row_of(const Fields& fields) {
  Row out;
  for (const Field& value : fields)
    out.push_back(value.kind == Field::Kind::value ? std::optional(value.text) : std::nullopt);
  return out;
}

Rows sorted(Rows rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

template <class Table>
Rows rows_of(const Table& table) {
  Rows out;
  for (const auto& [key, row] : table) out.push_back(row_of(row));
  return sorted(std::move(out));
}

void expect_same(const ModelSource& model, TargetDb& target) {
  EXPECT_EQ(difference(rows_of(model.keyed), sorted(target.query("select * from keyed"))), "");
  EXPECT_EQ(difference(rows_of(model.pairs), sorted(target.query("select * from pairs"))), "");
  Rows logged;
  for (const Fields& row : model.logged) logged.push_back(row_of(row));
  EXPECT_EQ(difference(sorted(std::move(logged)), sorted(target.query("select * from logged"))), "");
}

// What a source says of its tables.
struct ModelCatalog {
  SchemaPolicy policy() {
    SchemaPolicy out;
    out.prefetch_columns = [](const std::vector<std::uint32_t>&) { return std::shared_ptr<void>(); };
    out.number_columns = [this](Relation& relation, const Relation*) {
      ++numbered;
      const int flaw = doubtful(relation) && doubted.insert(relation.transaction).second ? 100 : 0;
      for (std::size_t i = 0; i < relation.columns.size(); ++i)
        relation.columns[i].number = static_cast<int>(i) + 1 + flaw;
    };
    out.target_names = [this](const QualifiedName& name) {
      ++fitted;
      return std::vector{name};
    };
    return out;
  }
  int numbered = 0;
  int fitted = 0;
  std::set<std::uint32_t> doubted;
};

class ApplyModel : public ::testing::Test {
 protected:
  ApplyModel() {
    if (const int one = number_from_environment("DBSYNC_MODEL_SEED", 0); one > 0) first_ = last_ = one;
  }

  // `run` gets a model and a target with empty tables; seeds take turns in the
  // form of their values.
  template <class Run>
  void for_each_seed(const Run& run) {
    for (int seed = first_; seed <= last_ && !HasFailure(); ++seed) {
      SCOPED_TRACE(fmt::format("DBSYNC_MODEL_SEED={} runs this again", seed));
      const bool binary = seed % 2 == 0;
      ModelSource model(static_cast<unsigned>(seed), binary);
      target.exec("drop table if exists keyed, pairs, logged");
      target.exec(kTables);
      if (seed % 3 == 0) target.exec(kTrigger);
      run(model);
    }
  }

  TargetDb target;

 private:
  int first_ = 1;
  int last_ = number_from_environment("DBSYNC_MODEL_SEEDS", 6);
};

TEST_F(ApplyModel, InSetsAndWhereTheyDoNotFitOneByOne) {
  std::uint64_t in_sets = 0, one_by_one = 0, grown = 0, doubted = 0;
  int renewed = 0;
  for_each_seed([&](ModelSource& model) {
    PgConnection connection(target.conninfo(), "target", "test");
    ensure_progress_table(connection);
    write_progress(connection, "model", lsn_position(1), "following");
    ApplierOptions options;
    options.conninfo = target.conninfo();
    options.application_name = "test";
    options.task = "model";
    ModelCatalog catalog;
    options.schema = catalog.policy();
    bool commits_ahead = true;
    options.commits_ahead = &commits_ahead;
    Applier applier(options);
    for (int done = 0; done < kTransactions;) {
      std::vector<Transaction> group;
      for (int i = 1 + model.number(8); i > 0; --i, ++done) group.push_back(model.next());
      // Some come while the group is written.
      int late = model.number(2) == 0 ? 0 : model.number(4);
      const auto growing = [&]() -> std::span<const Transaction> {
        if (late == 0) return group;
        --late;
        ++done;
        ++grown;
        group.push_back(model.next());
        return group;
      };
      const bool flushed = model.number(2) == 0;
      const std::uint64_t alone = applier.counters().one_by_one;
      const std::uint64_t commits = applier.counters().commits;
      applier.apply(group, {}, growing, flushed);
      ASSERT_EQ(applier.position(), group.back().end);
      if (applier.counters().one_by_one == alone && applier.counters().commits == commits + 1) {
        ASSERT_EQ(applier.durable(), flushed);
      }
      // Mostly the next group comes at once.
      if (model.number(3) > 0 && done < kTransactions) continue;
      applier.settle();
      expect_same(model, target);
      if (HasFailure()) return;
    }
    EXPECT_TRUE(commits_ahead);
    renewed += catalog.numbered - catalog.fitted;
    doubted += catalog.doubted.size();
    one_by_one += applier.counters().one_by_one;
    in_sets += applier.counters().transactions - applier.counters().one_by_one;
  });
  // Both ways were taken.
  EXPECT_GT(in_sets, one_by_one);
  EXPECT_GT(one_by_one, 0U);
  EXPECT_GT(grown, 0U);
  EXPECT_GT(renewed, 0);
  EXPECT_GT(doubted, 0U);
}

TEST_F(ApplyModel, ChangeByChange) {
  for_each_seed([&](ModelSource& model) {
    TargetSession session(target.conninfo(), "test");
    PlanCache plans(session, {});
    ExactApply exact(session, plans, ConflictPolicy::error);
    for (int i = 0; i < kTransactions && !HasFailure(); ++i) {
      const Transaction transaction = model.next();
      session.connection().exec("BEGIN");
      exact.apply(transaction, transaction.end, {});
      session.connection().exec("COMMIT");
      plans.committed();
      expect_same(model, target);
    }
  });
}

// The target says only behind the next group that the commit has failed: nothing of either is
// there, and the next attempt waits for its commits and finds which transaction it is.
TEST_F(ApplyModel, ACommitThatFailsBehindTheNextGroup) {
  target.exec(
      "drop table if exists one; create table one (id int primary key); create or replace function refuse() returns "
      "trigger language plpgsql as 'begin if new.id = 2 then raise ''two is refused''; end if; return new; end';"
      "create constraint trigger late after insert on one deferrable initially deferred for each row execute function "
      "refuse(); alter table one enable always trigger late");
  const auto table = relation(1, "one", {column_of("id", kInt4Oid, true)}, false);
  const auto inserts = [&](int id) {
    std::vector<Transaction> out(1);
    out[0].start = lsn_position(static_cast<std::uint64_t>(id) * 100);
    out[0].end = lsn_position(static_cast<std::uint64_t>(id) * 100 + 50);
    const auto number = out[0].changes.add_relation(table);
    out[0].changes.append(ChangeKind::insert, OldImage::none, number, "", tuple_of({field(id)}, nullptr));
    return out;
  };
  PgConnection connection(target.conninfo(), "target", "test");
  ensure_progress_table(connection);
  write_progress(connection, "late", lsn_position(1), "following");
  bool commits_ahead = true;
  ApplierOptions options;
  options.conninfo = target.conninfo();
  options.application_name = "test";
  options.task = "late";
  options.commits_ahead = &commits_ahead;
  const auto apply = [](Applier& applier, const std::vector<Transaction>& group) {
    applier.apply(group, {}, [&] { return std::span<const Transaction>(group); });
  };
  {
    Applier applier(options);
    apply(applier, inserts(1));
    apply(applier, inserts(2));
    try {
      apply(applier, inserts(3));
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_TRUE(error.retryable()) << error.what();
    }
    EXPECT_FALSE(commits_ahead);
  }
  EXPECT_EQ(target.query("select id from one"), (Rows{{"1"}}));
  Applier again(options);
  EXPECT_EQ(again.position(), inserts(1).back().end);
  try {
    apply(again, inserts(2));
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("two is refused"), std::string::npos) << error.what();
  }
  EXPECT_EQ(target.query("select id from one"), (Rows{{"1"}}));
}

}  // namespace
}  // namespace dbsync::test
