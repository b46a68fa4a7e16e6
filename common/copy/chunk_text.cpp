#include "copy/chunk_text.h"

#include <algorithm>
#include <string_view>

namespace dbsync {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || (c & 0x80) != 0;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool at_end() {
    skip_blanks();
    return rest_.empty();
  }

  bool symbol(std::string_view text) {
    skip_blanks();
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  bool keyword(std::string_view text) {
    skip_blanks();
    if (!rest_.starts_with(text) || (rest_.size() > text.size() && is_word(rest_[text.size()]))) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  bool name() { return quoted_name('`') || quoted_name('"') || word(); }

  bool quoted_name(char quote) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != quote) return false;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '\0') return false;
      if (rest_[i] != quote) continue;
      if (i + 1 < rest_.size() && rest_[i + 1] == quote) {
        ++i;
        continue;
      }
      rest_.remove_prefix(i + 1);
      return true;
    }
    return false;
  }

  bool word() {
    skip_blanks();
    const std::size_t length =
        static_cast<std::size_t>(std::find_if_not(rest_.begin(), rest_.end(), is_word) - rest_.begin());
    if (length == 0 || is_digit(rest_.front())) return false;
    rest_.remove_prefix(length);
    return true;
  }

  bool number() {
    skip_blanks();
    std::size_t end = rest_.starts_with('-') ? 1 : 0;
    const std::size_t digits = end;
    while (end < rest_.size() && (is_digit(rest_[end]) || rest_[end] == '.')) ++end;
    if (end == digits || (end < rest_.size() && is_word(rest_[end]))) return false;
    rest_.remove_prefix(end);
    return true;
  }

  bool string() {
    skip_blanks();
    if (!rest_.starts_with('\'')) return false;
    const auto end = rest_.find('\'', 1);
    if (end == std::string_view::npos ||
        rest_.substr(0, end).find_first_of(std::string_view("\\\0", 2)) != std::string_view::npos)
      return false;
    if (end + 1 < rest_.size() && rest_[end + 1] == '\'') return false;
    rest_.remove_prefix(end + 1);
    return true;
  }

  bool charset() {
    skip_blanks();
    return rest_.starts_with('_') && word();
  }

 private:
  void skip_blanks() {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

bool literal(Reader& in) {
  if (in.number()) return true;
  if (in.string()) return !in.symbol("::") || in.keyword("tid") || (in.symbol("pg_catalog.") && in.keyword("tid"));
  in.charset();
  if (!in.symbol("X") || !in.string()) return false;
  return !in.keyword("COLLATE") || in.word();
}

constexpr int kDeepest = 100;

bool predicate(Reader& in, int depth);

bool term(Reader& in, int depth) {
  if (in.symbol("(")) return depth < kDeepest && predicate(in, depth + 1) && in.symbol(")");
  if (!in.name()) return false;
  if (in.keyword("IS")) return in.keyword("NULL");
  const bool compared = in.symbol(">=") || in.symbol("<=") || in.symbol(">") || in.symbol("<") || in.symbol("=");
  return compared && literal(in);
}

bool predicate(Reader& in, int depth) {
  do {
    if (!term(in, depth)) return false;
  } while (in.keyword("AND") || in.keyword("OR"));
  return true;
}

bool partition(Reader& in) {
  return in.quoted_name('`') && in.keyword("PARTITION") && in.symbol("(") && in.quoted_name('`') && in.symbol(")");
}

}  // namespace

bool is_planned_chunk(const Chunk& chunk) {
  Reader from(chunk.from);
  if (!chunk.from.empty() && !(partition(from) && from.at_end())) return false;
  Reader where(chunk.predicate);
  return chunk.predicate.empty() || (predicate(where, 0) && where.at_end());
}

}  // namespace dbsync
