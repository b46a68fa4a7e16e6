#include "pgsql2pgsql/schema/sql_rename.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <optional>
#include <utility>

#include "schema/quote.h"

namespace dbsync {

namespace {

bool is_word_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0; }
bool is_word(char c) { return is_word_start(c) || std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '$'; }
bool is_operator(char c) { return std::string_view("+-*/<>=~!@#%^&|`?").find(c) != std::string_view::npos; }

// What stands where a name does.
struct NamePlace {
  std::string name;  // folded as the server does
  bool after_dot = false;
  bool no_column = false;  // a type, a function, or a word of the language, as the server prints them
  std::string next;        // the name behind the dot that follows; "" = none
};

// Goes through SQL and asks for each identifier what shall stand there instead.
class Renamer {
 public:
  using Choose = std::function<std::optional<std::string>(const NamePlace&)>;

  // `in_constants`: also in constants that are cast to a reg* type.
  Renamer(std::string_view sql, const Choose& choose, bool in_constants)
      : sql_(sql), choose_(choose), in_constants_(in_constants) {}

  std::string run() {
    while (at_ < sql_.size()) {
      const char c = sql_[at_];
      if (sql_.substr(at_).starts_with("--"))
        copy_to(std::min(sql_.find('\n', at_), sql_.size()));
      else if (sql_.substr(at_).starts_with("/*"))
        copy_to(end_behind("*/", at_ + 2));
      else if (c == '\'')
        take_string(false);
      else if (c == '$')
        take_dollar();
      else if (c == '"' || is_word_start(c))
        take_identifier();
      else
        take_other();
    }
    return std::move(out_);
  }

 private:
  void take_other() {
    if (sql_[at_] != ' ' && sql_[at_] != '\n') after_dot_ = sql_[at_] == '.';
    copy_to(at_ + 1);
  }

  void copy_to(std::size_t end) {
    out_ += sql_.substr(at_, end - at_);
    at_ = end;
  }

  std::size_t end_behind(std::string_view what, std::size_t from) const {
    const std::size_t found = sql_.find(what, from);
    return found == std::string_view::npos ? sql_.size() : found + what.size();
  }

  // From the opening quote at `from` to behind the closing one; doubled quotes
  // are part of the text, and so is what follows a backslash when `escapes`.
  std::size_t end_of_quoted(char quote, std::size_t from, bool escapes) const {
    for (std::size_t i = from + 1; i < sql_.size(); ++i) {
      if (escapes && sql_[i] == '\\') {
        ++i;
      } else if (sql_[i] == quote) {
        if (i + 1 == sql_.size() || sql_[i + 1] != quote) return i + 1;
        ++i;
      }
    }
    return sql_.size();
  }

  // 'public.seq'::regclass holds a name; the quotes inside of a constant are
  // doubled ones only when the name has any, and pg_dump's names have none then.
  void take_string(bool escapes) {
    const std::size_t end = end_of_quoted('\'', at_, escapes);
    const std::string_view text = sql_.substr(at_ + 1, end - at_ - 2);
    if (in_constants_ && !escapes && sql_.substr(end).starts_with("::reg") &&
        text.find('\'') == std::string_view::npos) {
      out_ += '\'' + Renamer(text, choose_, true).run() + '\'';
      at_ = end;
    } else {
      copy_to(end);
    }
  }

  // $$ … $$ and $tag$ … $tag$; $1 is a parameter.
  void take_dollar() {
    std::size_t end = at_ + 1;
    while (end < sql_.size() && is_word(sql_[end]) && sql_[end] != '$') ++end;
    const bool quote = end < sql_.size() && sql_[end] == '$' && (end == at_ + 1 || is_word_start(sql_[at_ + 1]));
    if (!quote) return copy_to(at_ + 1);
    const std::string_view tag = sql_.substr(at_, end + 1 - at_);
    copy_to(end_behind(tag, end + 1));
  }

  // The identifier at `from`, folded as the server does, and its end.
  std::pair<std::string, std::size_t> identifier(std::size_t from) const {
    std::string name;
    std::size_t end = from;
    if (from < sql_.size() && sql_[from] == '"') {
      end = end_of_quoted('"', from, false);
      for (std::size_t i = from + 1; i + 1 < end; ++i) {
        name += sql_[i];
        if (sql_[i] == '"') ++i;
      }
      return {name, end};
    }
    while (end < sql_.size() && is_word(sql_[end])) ++end;
    for (const char c : sql_.substr(from, end - from))
      name += static_cast<char>(static_cast<unsigned char>(c) < 128 ? std::tolower(static_cast<unsigned char>(c)) : c);
    if (end == from)  // OPERATOR(public.+)
      while (end < sql_.size() && is_operator(sql_[end])) name += sql_[end++];
    return {name, end};
  }

  // pg_get_expr prints the language's own words in capitals, but for those of types
  // and the field of EXTRACT.
  bool is_no_column(std::string_view word, std::string_view behind) const {
    const auto follows = [this](std::initializer_list<std::string_view> texts) {
      return std::any_of(texts.begin(), texts.end(), [this](std::string_view text) { return out_.ends_with(text); });
    };
    if (behind.starts_with('(') || follows({"::", "EXTRACT("})) return true;
    if (word.front() != '"' &&
        std::any_of(word.begin(), word.end(), [](unsigned char c) { return std::isupper(c) != 0; }))
      return true;
    if (word == "without" || word == "with") return follows({"::timestamp ", "::time ", ") "});
    if (word == "time") return follows({" without ", " with "});
    if (word == "zone") return follows({" without time ", " with time "});
    if (word == "precision") return follows({"::double "});
    return word == "varying" && follows({"::character ", "::bit "});
  }

  void take_identifier() {
    const auto [name, end] = identifier(at_);
    // E'…' and its relatives: a prefix right before a quote.
    if (end < sql_.size() && sql_[end] == '\'' && sql_[at_] != '"' && end == at_ + 1) {
      const bool escapes = name == "e";
      copy_to(end);
      return take_string(escapes);
    }
    NamePlace place{
        name, std::exchange(after_dot_, false), is_no_column(sql_.substr(at_, end - at_), sql_.substr(end)), {}};
    if (end < sql_.size() && sql_[end] == '.') place.next = identifier(end + 1).first;
    if (const auto instead = choose_(place)) {
      out_ += quote_identifier(*instead);
      at_ = end;
    } else {
      copy_to(end);
    }
    if (end < sql_.size() && sql_[end] == '.') {
      copy_to(end + 1);
      after_dot_ = true;  // public.t.column: only the first part is a schema
    }
  }

  std::string_view sql_;
  const Choose& choose_;
  bool in_constants_;
  std::string out_;
  std::size_t at_ = 0;
  bool after_dot_ = false;
};

}  // namespace

std::string rename_schemas(std::string_view sql, const SchemaMap& map, const ObjectNames& objects) {
  if (map.identity()) return std::string(sql);
  const Renamer::Choose choose = [&](const NamePlace& place) -> std::optional<std::string> {
    if (place.after_dot || place.next.empty() || !objects.contains({place.name, place.next})) return std::nullopt;
    return map.of(place.name);
  };
  return Renamer(sql, choose, true).run();
}

std::optional<std::string> rename_columns(std::string_view expression, const std::map<std::string, std::string>& names,
                                          const std::set<std::string>& excluded) {
  bool lost = false;
  const Renamer::Choose choose = [&](const NamePlace& place) -> std::optional<std::string> {
    if (place.after_dot || place.no_column) return std::nullopt;
    lost = lost || excluded.contains(place.name);
    const auto found = names.find(place.name);
    return found == names.end() ? std::nullopt : std::optional(found->second);
  };
  const std::string out = Renamer(expression, choose, false).run();
  return lost ? std::nullopt : std::optional(out);
}

}  // namespace dbsync
