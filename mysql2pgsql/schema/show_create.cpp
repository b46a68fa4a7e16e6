#include "mysql2pgsql/schema/show_create.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace dbsync {

namespace {

// One word, name, string, number or symbol; `at` counts from the start of the text.
struct Piece {
  enum class Kind { word, name, string, symbol };
  Kind kind = Kind::symbol;
  std::size_t at = 0;
  std::size_t end = 0;
  std::string text;  // a word in capitals, a name without quotes, a symbol
};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

std::string to_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

class Pieces {
 public:
  explicit Pieces(std::string_view text) : text_(text) {}

  // All of the text; nothing when a quote or comment does not end.
  std::optional<std::vector<Piece>> run() {
    std::vector<Piece> out;
    while (skip_blanks()) {
      if (at_ >= text_.size()) return out;
      Piece piece;
      piece.at = at_;
      const char c = text_[at_];
      const bool whole = c == '`'    ? quoted(piece, Piece::Kind::name)
                         : c == '\'' ? quoted(piece, Piece::Kind::string)
                                     : plain(piece);
      if (!whole) return std::nullopt;
      piece.end = at_;
      out.push_back(std::move(piece));
    }
    return std::nullopt;
  }

 private:
  // /*!50100 … */ is part of the statement, other comments are not. False when one
  // does not end.
  bool skip_blanks() {
    for (;;) {
      while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("*/")) {
        at_ += 2;
      } else if (rest.starts_with("/*!") || rest.starts_with("/*M!")) {
        at_ += rest[2] == 'M' ? 4 : 3;
        while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
      } else if (rest.starts_with("/*")) {
        const std::size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return false;
        at_ = end + 2;
      } else {
        return true;
      }
    }
  }

  bool quoted(Piece& piece, Piece::Kind kind) {
    piece.kind = kind;
    const char quote = text_[at_];
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\\' && quote == '\'' && at_ + 1 < text_.size()) {
        piece.text += c;
        ++at_;
      } else if (c == quote) {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != quote) {
          ++at_;
          return true;
        }
        ++at_;
      }
      piece.text += text_[at_];
    }
    return false;
  }

  bool plain(Piece& piece) {
    if (!is_word(text_[at_])) {
      piece.text = text_[at_++];
      return true;
    }
    piece.kind = Piece::Kind::word;
    const std::size_t start = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    piece.text = to_upper(text_.substr(start, at_ - start));
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

using Range = std::pair<std::size_t, std::size_t>;  // of pieces, the end excluded

class Reader {
 public:
  Reader(std::string_view text, std::vector<Piece> pieces) : text_(text), pieces_(std::move(pieces)) {}

  std::optional<ShownTable> read() {
    std::size_t open = 0;
    while (open < pieces_.size() && !is_symbol(open, '(')) ++open;
    const std::size_t close = closing(open);
    if (!is_word(0, "CREATE") || close >= pieces_.size()) return std::nullopt;
    for (const Range& item : items(open)) read_item(item);
    for (std::size_t i = close; i + 1 < pieces_.size(); ++i)
      if (is_word(i, "PARTITION") && !is_word(i + 1, "BY")) read_partition(i + 1);
    return std::move(out_);
  }

 private:
  bool is_word(std::size_t i, std::string_view word) const {
    return i < pieces_.size() && pieces_[i].kind == Piece::Kind::word && pieces_[i].text == word;
  }
  bool is_symbol(std::size_t i, char c) const {
    return i < pieces_.size() && pieces_[i].kind == Piece::Kind::symbol && pieces_[i].text[0] == c;
  }
  bool is_name(std::size_t i) const { return i < pieces_.size() && pieces_[i].kind == Piece::Kind::name; }

  // The place of the parenthesis that ends what the one at `open` begins; the number
  // of pieces when there is none.
  std::size_t closing(std::size_t open) const {
    std::size_t depth = 0;
    for (std::size_t i = open; i < pieces_.size(); ++i) {
      if (is_symbol(i, '(')) ++depth;
      if (is_symbol(i, ')') && --depth == 0) return i;
    }
    return pieces_.size();
  }

  // What stands between commas in the parentheses that begin at `open`.
  std::vector<Range> items(std::size_t open) const {
    std::vector<Range> out;
    const std::size_t close = closing(open);
    std::size_t start = open + 1;
    for (std::size_t i = start; i <= close && i < pieces_.size(); ++i) {
      if (is_symbol(i, '(')) i = closing(i);
      if (i != close && !is_symbol(i, ',')) continue;
      if (i > start) out.emplace_back(start, i);
      start = i + 1;
    }
    return out;
  }

  std::string text_of(std::size_t from, std::size_t to) const {
    return from >= to || to > pieces_.size()
               ? std::string()
               : std::string(text_.substr(pieces_[from].at, pieces_[to - 1].end - pieces_[from].at));
  }

  // The text within the parentheses that begin at `open`; "" when there are none.
  std::string inside(std::size_t open) const {
    return is_symbol(open, '(') ? text_of(open + 1, closing(open)) : std::string();
  }

  void read_item(Range item) {
    std::size_t i = item.first;
    if (is_name(i)) return read_column(item);
    if (is_word(i, "CONSTRAINT") && is_name(i + 1)) {
      if (is_word(i + 2, "CHECK")) out_.checks[pieces_[i + 1].text] = inside(i + 3);
      out_.foreign_keys = out_.foreign_keys || is_word(i + 2, "FOREIGN");
      return;
    }
    if (is_word(i, "PRIMARY")) return read_key("PRIMARY", i + 2);
    if (is_word(i, "UNIQUE") || is_word(i, "FULLTEXT") || is_word(i, "SPATIAL")) ++i;
    if (is_word(i, "KEY") && is_name(i + 1)) read_key(pieces_[i + 1].text, i + 2);
  }

  void read_key(const std::string& name, std::size_t open) {
    if (!is_symbol(open, '(')) return;
    auto& parts = out_.keys[name];
    for (const Range& part : items(open)) parts.push_back(text_of(part.first, part.second));
  }

  // Words that end a default.
  bool ends_default(std::size_t i) const {
    static constexpr std::array<std::string_view, 12> kWords{
        "COMMENT",   "ON",      "CHECK",   "GENERATED", "COLUMN_FORMAT", "STORAGE",
        "INVISIBLE", "VISIBLE", "WITHOUT", "WITH",      "REF_SYSTEM_ID", "ENGINE_ATTRIBUTE"};
    return pieces_[i].kind == Piece::Kind::word &&
           std::find(kWords.begin(), kWords.end(), pieces_[i].text) != kWords.end();
  }

  void read_column(Range item) {
    ShownColumn& column = out_.columns[pieces_[item.first].text];
    for (std::size_t i = item.first + 1; i < item.second; ++i) {
      if (is_symbol(i, '(')) {
        i = closing(i);
      } else if (is_word(i, "AS") && is_symbol(i + 1, '(')) {
        column.generated = inside(i + 1);
      } else if (is_word(i, "CHECK") && is_symbol(i + 1, '(')) {
        column.check = inside(i + 1);
      } else if (is_word(i, "DEFAULT")) {
        const std::size_t start = i + 1;
        while (i + 1 < item.second && !ends_default(i + 1)) ++i;
        const bool enclosed = is_symbol(start, '(') && closing(start) == i;
        column.default_sql = enclosed ? inside(start) : text_of(start, i + 1);
      }
    }
  }

  // MySQL 5 and 8 leave out the quotes of names that need none.
  void read_partition(std::size_t i) {
    if (i >= pieces_.size() || !is_word(i + 1, "VALUES")) return;
    const std::string name = is_name(i) ? pieces_[i].text : text_of(i, i + 1);
    std::size_t open = i + 2;
    while (is_word(open, "LESS") || is_word(open, "THAN") || is_word(open, "IN")) ++open;
    std::string values = is_word(open, "MAXVALUE") ? text_of(open, open + 1) : inside(open);
    if (!values.empty()) out_.partition_values[name] = std::move(values);
  }

  std::string_view text_;
  std::vector<Piece> pieces_;
  ShownTable out_;
};

}  // namespace

std::optional<ShownTable> parse_show_create(std::string_view sql) {
  auto pieces = Pieces(sql).run();
  if (!pieces) return std::nullopt;
  return Reader(sql, std::move(*pieces)).read();
}

}  // namespace dbsync
