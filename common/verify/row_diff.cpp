#include "verify/row_diff.h"

#include <algorithm>
#include <tuple>

namespace dbsync {

namespace {

struct Left {
  std::uint64_t key = 0;
  Hash128 row;
  std::uint64_t rows = 0;
};

void sort_by_key(std::vector<Left>& rows) {
  std::sort(rows.begin(), rows.end(),
            [](const Left& a, const Left& b) { return std::tie(a.key, a.row) < std::tie(b.key, b.row); });
}

// Walks both sides' rows in the order of their keys.
class Pairing {
 public:
  Pairing(std::vector<Left> source, std::vector<Left> target, std::size_t most)
      : source_(std::move(source)), target_(std::move(target)), most_(most) {}

  RowDiff::Pairs run() {
    auto s = source_.begin();
    auto t = target_.begin();
    while (s != source_.end() || t != target_.end()) {
      if (t == target_.end() || (s != source_.end() && s->key < t->key)) {
        add(FindingKind::missing, s->rows, s->row, {});
        ++s;
      } else if (s == source_.end() || t->key < s->key) {
        add(FindingKind::extra, t->rows, {}, t->row);
        ++t;
      } else {
        const std::uint64_t both = std::min(s->rows, t->rows);
        add(FindingKind::different, both, s->row, t->row);
        s->rows -= both;
        t->rows -= both;
        if (s->rows == 0) ++s;
        if (t->rows == 0) ++t;
      }
    }
    return std::move(out_);
  }

 private:
  void add(FindingKind kind, std::uint64_t rows, std::optional<Hash128> source, std::optional<Hash128> target) {
    std::uint64_t& count = kind == FindingKind::missing ? out_.counts.missing
                           : kind == FindingKind::extra ? out_.counts.extra
                                                        : out_.counts.different;
    count += rows;
    if (out_.pairs.size() < most_) out_.pairs.push_back({kind, rows, source, target});
  }

  std::vector<Left> source_;
  std::vector<Left> target_;
  std::size_t most_;
  RowDiff::Pairs out_;
};

}  // namespace

void RowDiff::add(const SeenRow& row, std::int64_t more_on_source) {
  const auto entry = rows_.try_emplace(row.row, Entry{row.key, 0}).first;
  entry->second.more_on_source += more_on_source;
  if (entry->second.more_on_source == 0) rows_.erase(entry);
}

void RowDiff::add(const RowDiff& other) {
  for (const auto& [row, entry] : other.rows_) add({row, entry.key}, entry.more_on_source);
}

void RowDiff::keep_only(const RowDiff& again) {
  std::erase_if(rows_, [&](const auto& row) {
    const auto found = again.rows_.find(row.first);
    return found == again.rows_.end() || found->second.more_on_source != row.second.more_on_source;
  });
}

RowDiff::Pairs RowDiff::pairs(std::size_t most) const {
  std::vector<Left> source;
  std::vector<Left> target;
  for (const auto& [row, entry] : rows_) {
    if (entry.more_on_source > 0)
      source.push_back({entry.key, row, static_cast<std::uint64_t>(entry.more_on_source)});
    else
      target.push_back({entry.key, row, static_cast<std::uint64_t>(-entry.more_on_source)});
  }
  sort_by_key(source);
  sort_by_key(target);
  return Pairing(std::move(source), std::move(target), most).run();
}

}  // namespace dbsync
