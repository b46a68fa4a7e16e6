// The assembler: events in any order give whole transactions, read back as they
// were put in, or an Error. A list of what was put in is the model; half of the
// inputs spill after a few bytes.
#include <memory>
#include <vector>

#include "base/byte_writer.h"
#include "base/error.h"
#include "cdc/transaction_assembler.h"
#include "tests/fuzz/fuzz.h"

namespace {

using dbsync::Change;
using dbsync::ChangeKind;
using dbsync::OldImage;
using dbsync::fuzz::check;
using dbsync::fuzz::Input;

struct Expected {
  ChangeKind kind;
  OldImage image;
  std::vector<std::uint32_t> relations;
  std::vector<std::size_t> widths;  // of their descriptions when the change came
  std::string old_tuple;
  std::string new_tuple;
  bool restart;
};

constexpr std::size_t kRelations = 4;

std::string tuple_of(Input& input, std::size_t columns) {
  std::string out;
  dbsync::ByteWriter writer(out);
  writer.i16(static_cast<std::int16_t>(columns));
  for (std::size_t i = 0; i < columns; ++i) {
    constexpr char kinds[] = "nutb";
    const char kind = kinds[input.below(4)];
    writer.u8(static_cast<std::uint8_t>(kind));
    if (kind == 'n' || kind == 'u') continue;
    const std::string_view value = input.bytes(input.below(40));
    writer.i32(static_cast<std::int32_t>(value.size()));
    writer.bytes(value);
  }
  return out;
}

class Model {
 public:
  explicit Model(Input& input) : input_(input), assembler_({input.below(2) == 0 ? 16U : 1U << 20, "/tmp"}) {}

  void step() {
    switch (input_.below(8)) {
      case 0: return begin();
      case 1: return describe();
      case 2: return commit();
      case 3: return truncate();
      default: return change();
    }
  }

 private:
  // Runs `action`; it must throw exactly when `allowed` is false.
  template <class Action>
  bool expect(bool allowed, const Action& action) {
    bool done = true;
    try {
      action();
    } catch (const dbsync::Error& error) {
      check(error.kind() == dbsync::ErrorKind::source, "an error of the source");
      done = false;
    }
    check(done == allowed, "an event is taken when it is in order, and only then");
    return done;
  }

  void begin() {
    const auto next = [&] {
      ++lsn_;
      assembler_.begin(dbsync::lsn_position(lsn_), 1, lsn_);
    };
    if (!expect(!open_, next)) return;
    open_ = true;
    expected_.clear();
  }

  void describe() {
    dbsync::Relation relation;
    relation.id = static_cast<std::uint32_t>(input_.below(kRelations));
    relation.columns.resize(input_.below(5));
    for (auto& column : relation.columns) column.name = input_.bytes(input_.below(3));
    widths_[relation.id] = relation.columns.size();
    known_[relation.id] = true;
    assembler_.describe(relation);
  }

  void change() {
    const auto id = static_cast<std::uint32_t>(input_.below(kRelations));
    const auto kind = static_cast<ChangeKind>(input_.below(3));
    const auto image = kind == ChangeKind::insert   ? OldImage::none
                       : kind == ChangeKind::remove ? OldImage::key
                                                    : static_cast<OldImage>(input_.below(3));
    const std::size_t wrong = input_.below(16) == 0 ? 1 : 0;
    const std::size_t width = widths_[id] + wrong;
    const std::string old_tuple = image == OldImage::none ? "" : tuple_of(input_, width);
    const std::string new_tuple = kind == ChangeKind::remove ? "" : tuple_of(input_, width);
    if (expect(open_ && known_[id] && wrong == 0, [&] { assembler_.change(kind, id, image, old_tuple, new_tuple); }))
      expected_.push_back({kind, image, {id}, {widths_[id]}, old_tuple, new_tuple, false});
  }

  void truncate() {
    std::vector<std::uint32_t> ids;
    std::vector<std::size_t> widths;
    bool known = true;
    for (std::size_t n = input_.below(4); n > 0; --n) {
      ids.push_back(static_cast<std::uint32_t>(input_.below(kRelations)));
      widths.push_back(widths_[ids.back()]);
      known = known && known_[ids.back()];
    }
    if (!open_ && ids.empty()) return;  // nothing that could be out of order
    const bool restart = input_.below(2) == 1;
    if (expect(open_ && known, [&] { assembler_.truncate(restart, ids); }))
      expected_.push_back({ChangeKind::truncate, OldImage::none, ids, widths, "", "", restart});
  }

  void commit() {
    dbsync::Transaction transaction;
    if (!expect(open_, [&] { transaction = assembler_.commit(dbsync::lsn_position(++lsn_)); })) return;
    open_ = false;
    check(transaction.changes.changes() == expected_.size(), "as many changes as were put in");
    check(transaction.end == dbsync::lsn_position(lsn_), "the end of the transaction");
    dbsync::ChangeLog::Reader reader(transaction.changes);
    Change change;
    for (const Expected& want : expected_) {
      check(reader.next(change), "a change for each that was put in");
      compare(change, want);
    }
    check(!reader.next(change), "no change behind the last");
  }

  static void compare(const Change& change, const Expected& want) {
    check(change.kind == want.kind && change.old_image == want.image, "kind and old image");
    check(change.old_tuple == want.old_tuple && change.new_tuple == want.new_tuple, "the row images");
    if (want.kind == ChangeKind::truncate) {
      check(change.restart_identity == want.restart, "restart identity");
      check(change.truncated.size() == want.relations.size(), "the truncated tables");
      for (std::size_t i = 0; i < want.relations.size(); ++i)
        check(change.truncated[i]->id == want.relations[i], "a truncated table");
      return;
    }
    check(change.relation->id == want.relations[0], "the table");
    check(change.relation->columns.size() == want.widths[0], "the description that held then");
  }

  Input& input_;
  dbsync::TransactionAssembler assembler_;
  std::vector<Expected> expected_;
  std::size_t widths_[kRelations] = {};
  bool known_[kRelations] = {};
  std::uint64_t lsn_ = 0;
  bool open_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  Model model(input);
  while (!input.empty()) model.step();
  return 0;
}
