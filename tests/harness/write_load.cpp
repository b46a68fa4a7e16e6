#include "tests/harness/write_load.h"

#include <chrono>
#include <exception>

#include <fmt/format.h>

namespace dbsync::test {

namespace {

constexpr int kParents = 500;
constexpr int kChildren = 1200;
constexpr int kBig = 6000;
constexpr std::chrono::milliseconds kBetween{4};

}  // namespace

const std::vector<std::string>& written_rows() {
  static const std::vector<std::string> out{
      "select id, n, note from parent order by id", "select id, p, amount, d from child order by id",
      "select id, n, filler from big order by id", "select id, c, n from item order by id",
      "select id, n from scratch order by id"};
  return out;
}

WriteLoad::WriteLoad(std::function<Session()> connect, unsigned seed, bool truncates)
    : random_(seed), truncates_(truncates), thread_([this, connect = std::move(connect)](const std::stop_token& stop) {
        const Session session = connect();
        while (!stop.stop_requested()) {
          write(session);
          std::this_thread::sleep_for(kBetween);
        }
      }) {}

// A statement that the source refuses (a key that is referred to) is the application's own affair.
void WriteLoad::write(const Session& session) {
  const std::unique_lock lock(mutex_);
  try {
    session(transaction());
  } catch (const std::exception&) {
    session("rollback");
  }
}

std::string WriteLoad::transaction() {
  const int child = any(kChildren);
  const int big = any(kBig);
  const int key = next_++;
  switch (random_() % 12) {
    case 0:
      return fmt::format("insert into child (p, amount, d) values ({0}, {1}, date '2024-02-29'), ({1}, 7, null)",
                         any(kParents), any(kParents));
    case 1: return fmt::format("update child set amount = amount + 1 where id in ({}, {})", child, child + 1);
    case 2: return fmt::format("delete from child where id = {}", child);
    case 3:
      return fmt::format("update big set n = n + 1, filler = 'changed {}' where id between {} and {}", key, big,
                         big + 30);
    case 4: return fmt::format("insert into big values ({}, {}, 'new')", key, key % 97);
    case 5:
      return fmt::format("begin; delete from big where id = {0}; insert into big values ({0}, -1, null); commit", big);
    case 6:
      return fmt::format(
          "begin; update parent set note = 'written {0}', n = n + 1000 where id = {1}; insert into "
          "item values ({0}, (select min(id) from child), 1), ({0} + 50000000, null, 2); commit",
          key, any(kParents));
    case 7: return fmt::format("begin; delete from child where id > 400; update big set n = {}; rollback", key);
    case 8:
      return fmt::format("insert into item select {0} + id, id, 3 from child where id = {1}", key + 10000000, child);
    case 9:
      if (random_() % 8 != 0) return fmt::format("insert into scratch values ({}, 4)", key);
      return truncates_ ? "truncate table scratch" : "delete from scratch";
    case 10: return fmt::format("update big set id = {} where id = {}", key, big);
    default: return fmt::format("delete from item where n = {} and id < {}", any(3), key + 5000000);
  }
}

}  // namespace dbsync::test
