#include "mysql2pgsql/binlog/statement.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/utf8.h"

namespace dbsync {

namespace {

using Kind = BinlogStatement::Kind;

struct Token {
  std::string text;   // words in lower case, names as they are
  bool name = false;  // was quoted
  bool string = false;
};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Splits the front of a statement; as many tokens as are needed.
class Lexer {
 public:
  Lexer(std::string_view text, bool ansi_quotes) : text_(text), ansi_quotes_(ansi_quotes) {}

  bool next(Token& out) {
    skip_blanks();
    out = {};
    if (text_.empty()) return false;
    const char c = text_.front();
    if (c == '`' || (c == '"' && ansi_quotes_)) {
      out.name = true;
      out.text = quoted(c);
    } else if (c == '\'' || c == '"') {
      out.string = true;
      out.text = quoted(c);
    } else if (is_word(c)) {
      std::size_t n = 1;
      while (n < text_.size() && is_word(text_[n])) ++n;
      raw_ = text_.substr(0, n);
      out.text = raw_;
      text_.remove_prefix(n);
    } else {
      out.text = c;
      text_.remove_prefix(1);
    }
    return true;
  }

  std::string_view rest() const { return text_; }

 private:
  void skip_blanks() {
    for (;;) {
      const std::size_t n = text_.find_first_not_of(" \t\r\n\f\v;");
      text_.remove_prefix(n == std::string_view::npos ? text_.size() : n);
      if (text_.starts_with("/*!") || text_.starts_with("/*M!")) {
        // Read on within: the end of the comment is then a lone */.
        text_.remove_prefix(text_[2] == '!' ? 3 : 4);
        while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') text_.remove_prefix(1);
      } else if (text_.starts_with("*/")) {
        text_.remove_prefix(2);
      } else if (text_.starts_with("/*")) {
        const std::size_t end = text_.find("*/", 2);
        text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 2);
      } else if (text_.starts_with("-- ") || text_.starts_with("--\n") || text_.starts_with("#")) {
        const std::size_t end = text_.find('\n');
        text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
      } else {
        return;
      }
    }
  }

  std::string quoted(char quote) {
    std::string out;
    std::size_t i = 1;
    for (; i < text_.size(); ++i) {
      if (text_[i] == '\\' && quote == '\'' && i + 1 < text_.size()) {
        out += text_[++i];
      } else if (text_[i] == quote) {
        if (i + 1 < text_.size() && text_[i + 1] == quote)
          ++i;
        else
          break;
        out += quote;
      } else {
        out += text_[i];
      }
    }
    text_.remove_prefix(std::min(i + 1, text_.size()));
    return out;
  }

  std::string_view text_;
  std::string_view raw_;
  bool ansi_quotes_;
};

class Reader {
 public:
  Reader(std::string_view text, bool ansi_quotes) : lexer_(text, ansi_quotes) { advance(); }

  BinlogStatement read() {
    if (at("set")) skip_set_for();
    if (take("begin")) return done(Kind::begin);
    if (take("start")) return done(Kind::begin);
    if (take("commit")) return done(Kind::commit);
    if (take("savepoint")) return named(Kind::savepoint);
    if (take("release")) return done(Kind::release);
    if (take("rollback")) return rollback();
    if (take("xa")) return xa();
    if (take("truncate")) {
      take("table");
      table();
      return done(Kind::truncate);
    }
    if (take("create")) return create();
    if (take("alter")) return alter();
    if (take("drop")) return drop();
    if (take("rename")) return rename();
    if (harmless()) return done(Kind::harmless);
    return done(Kind::rows);
  }

 private:
  void advance() { more_ = lexer_.next(token_); }
  bool at(std::string_view word) const { return more_ && !token_.name && !token_.string && iequals(token_.text, word); }
  static bool iequals(std::string_view a, std::string_view b) { return to_lower(std::string(a)) == b; }
  bool take(std::string_view word) {
    if (!at(word)) return false;
    advance();
    return true;
  }
  BinlogStatement done(Kind kind) {
    out_.kind = kind;
    return std::move(out_);
  }

  // SET STATEMENT variable = value, … FOR statement
  void skip_set_for() {
    Lexer ahead = lexer_;
    Token token;
    if (!ahead.next(token) || !iequals(token.text, "statement")) return;
    while (more_ && !at("for")) advance();
    take("for");
  }

  void table() {
    if (!more_ || token_.string) return;
    StatementTable found{{}, token_.text};
    advance();
    if (at(".")) {
      advance();
      found.db = std::move(found.name);
      found.name = token_.text;
      advance();
    }
    out_.tables.push_back(std::move(found));
  }

  void tables() {
    do table();
    while (take(","));
  }

  bool take_exists() {
    if (!take("if")) return false;
    take("not");
    take("exists");
    return true;
  }

  BinlogStatement named(Kind kind) {
    out_.name = token_.text;
    return done(kind);
  }

  BinlogStatement rollback() {
    take("work");
    if (!take("to")) return done(Kind::rollback);
    take("savepoint");
    return named(Kind::rollback_to);
  }

  BinlogStatement xa() {
    Kind kind = Kind::rows;
    if (take("start") || take("begin"))
      kind = Kind::xa_start;
    else if (take("end"))
      kind = Kind::xa_end;
    else if (take("prepare"))
      kind = Kind::xa_prepare;
    else if (take("commit"))
      kind = Kind::xa_commit;
    else if (take("rollback"))
      kind = Kind::xa_rollback;
    // X'67',X'62',1 as servers write it.
    for (; more_; advance()) {
      if (at("one")) {
        out_.one_phase = true;
        break;
      }
      out_.name += token_.string ? "'" + to_lower(token_.text) + "'" : at("x") ? "X" : token_.text;
    }
    return done(kind);
  }

  BinlogStatement create() {
    take("or");
    take("replace");
    take("temporary");
    for (const std::string_view word : {"online", "offline", "unique", "fulltext", "spatial"}) take(word);
    if (take("table")) {
      out_.create = true;
      out_.if_not_exists = take_exists();
      table();
      return done(Kind::define);
    }
    return done(Kind::harmless);  // an index, a view, a user: no row looks different
  }

  BinlogStatement alter() {
    for (const std::string_view word : {"online", "offline", "ignore"}) take(word);
    if (take("database") || take("schema")) return done(Kind::harmless);
    if (!take("table")) return done(Kind::harmless);
    take_exists();
    table();
    if (take("wait")) advance();
    take("nowait");
    if (at("disable") || at("enable")) {
      advance();
      if (at("keys")) return done(Kind::harmless);
    }
    out_.keys_only = Reader(*this).alters_keys_only();
    // RENAME [TO | AS] name: the other table's name matters, too.
    while (more_) {
      if (take("with")) {  // EXCHANGE PARTITION … WITH TABLE name
        if (take("table")) table();
        continue;
      }
      if (!take("rename")) {
        advance();
        continue;
      }
      if (at("column") || at("index") || at("key")) continue;
      if (!take("to")) take("as");
      table();
    }
    return done(Kind::define);
  }

  template <std::size_t N>
  bool at_any(const std::array<std::string_view, N>& words) const {
    return std::any_of(words.begin(), words.end(), [this](std::string_view word) { return at(word); });
  }

  bool at_key_clause() {
    constexpr std::array<std::string_view, 8> added{"index",   "key",     "unique",  "fulltext",
                                                    "spatial", "primary", "foreign", "check"};
    constexpr std::array<std::string_view, 6> dropped{"index", "key", "primary", "foreign", "constraint", "check"};
    if (take("add")) {
      if (take("constraint") && !at_any(added)) advance();  // its name
      return at_any(added);
    }
    if (take("drop")) return at_any(dropped);
    return at("algorithm") || at("lock");
  }

  void skip_clause() {
    for (int depth = 0; more_ && (depth > 0 || !at(",")); advance()) depth += at("(") ? 1 : at(")") ? -1 : 0;
  }

  bool alters_keys_only() {
    do {
      if (!at_key_clause()) return false;
      skip_clause();
    } while (take(","));
    return true;
  }

  BinlogStatement drop() {
    const bool temporary = take("temporary");
    if (take("database") || take("schema")) {
      take_exists();
      out_.whole_database = true;
      out_.tables.push_back({token_.text, {}});
      return done(Kind::define);
    }
    if (!take("table") && !take("tables")) return done(Kind::harmless);
    take_exists();
    if (temporary) return done(Kind::harmless);
    tables();
    return done(Kind::define);
  }

  BinlogStatement rename() {
    if (!take("table") && !take("tables")) return done(Kind::harmless);
    take_exists();
    do {
      table();
      if (take("wait")) advance();
      take("to");
      table();
    } while (take(","));
    return done(Kind::define);
  }

  bool harmless() const {
    constexpr std::array<std::string_view, 20> words{
        "grant", "revoke", "flush", "analyze", "optimize", "repair", "check", "install", "uninstall", "use",
        "kill",  "reset",  "purge", "change",  "lock",     "unlock", "set",   "do",      "drop",      "comment"};
    return at_any(words);
  }

  Lexer lexer_;
  Token token_;
  bool more_ = false;
  BinlogStatement out_;
};

}  // namespace

BinlogStatement read_statement(std::string_view text, bool ansi_quotes) { return Reader(text, ansi_quotes).read(); }

bool mentions(std::string_view text, std::string_view name) {
  const std::string all = to_lower(std::string(text));
  for (std::size_t at = all.find(name); at != std::string::npos; at = all.find(name, at + 1)) {
    const bool begins = at == 0 || !is_word(all[at - 1]);
    const std::size_t end = at + name.size();
    if (begins && (end == all.size() || !is_word(all[end]))) return true;
  }
  return false;
}

std::string shown_statement(std::string_view text) {
  constexpr std::size_t kLongest = 200;
  const std::string_view cut = utf8_truncate(text, kLongest);
  return one_line(cut) + (cut.size() < text.size() ? "..." : "");
}

}  // namespace dbsync
