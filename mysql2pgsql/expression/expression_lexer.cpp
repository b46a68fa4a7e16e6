#include "mysql2pgsql/expression/expression_lexer.h"

#include <array>

#include "base/text.h"
#include "base/utf8.h"

namespace dbsync {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Longest first.
constexpr auto kSymbols = std::to_array<std::string_view>({"<=>", "->>", "<=", ">=", "<>", "!=", "<<", ">>", "||", "&&",
                                                           "->",  "(",   ")",  ",",  ".",  "=",  "<",  ">",  "+",  "-",
                                                           "*",   "/",   "%",  "!",  "~",  "^",  "&",  "|"});

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> run() {
    std::vector<Token> out;
    for (;;) {
      bool blank = false;
      for (; at_ < text_.size() && is_blank(text_[at_]); ++at_) blank = true;
      out.push_back(next());
      out.back().blank_before = blank;
      if (out.back().kind == TokenKind::end) return out;
    }
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  Token next() {
    if (at_ >= text_.size()) return {};
    const char c = peek();
    if (c == '`') return {TokenKind::quoted_name, quoted_name()};
    if (c == '\'' || c == '"') return string(c);
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (is_word(c)) return word();
    return symbol();
  }

  std::string quoted_name() {
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '`') {
        if (peek(1) != '`') {
          ++at_;
          return out;
        }
        ++at_;
      }
      out += text_[at_];
    }
    throw Untranslatable{"a quoted name without an end"};
  }

  Token string(char quote) {
    Token out{TokenKind::string, ""};
    out.double_quoted = quote == '"';
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\\') {
        ++at_;
        out.text += escaped(peek());
      } else if (c == quote && peek(1) != quote) {
        ++at_;
        return out;
      } else {
        if (c == quote) ++at_;
        out.text += c;
      }
    }
    throw Untranslatable{"a string without an end"};
  }

  // \% and \_ keep their backslash: they mean something to LIKE only.
  static std::string escaped(char c) {
    switch (c) {
      case '0': throw Untranslatable::nul_byte();
      case 'b': return "\b";
      case 'n': return "\n";
      case 'r': return "\r";
      case 't': return "\t";
      case 'Z': return "\x1a";
      case '%': return "\\%";
      case '_': return "\\_";
      default: return {c};
    }
  }

  Token number() {
    const std::size_t start = at_;
    while (is_digit(peek())) ++at_;
    if (peek() == '.') {
      ++at_;
      while (is_digit(peek())) ++at_;
    }
    if (peek() == 'e' || peek() == 'E') {
      at_ += peek(1) == '+' || peek(1) == '-' ? 2 : 1;
      if (!is_digit(peek())) throw Untranslatable{"a number without an end"};
      while (is_digit(peek())) ++at_;
    }
    const std::string_view found = text_.substr(start, at_ - start);
    if (found == "0" && (peek() == 'x' || peek() == 'b')) throw Untranslatable{"a hexadecimal or bit literal"};
    if (is_word(peek())) throw Untranslatable{"a name that begins with a digit"};
    if (found.size() > 65) throw Untranslatable{"a number of too many digits"};
    return {TokenKind::number, std::string(found)};
  }

  Token word() {
    const std::size_t start = at_;
    while (is_word(peek())) ++at_;
    const std::string_view found = text_.substr(start, at_ - start);
    return {TokenKind::word, to_lower(found), std::string(found)};
  }

  Token symbol() {
    const std::string_view rest = text_.substr(at_);
    // Nothing in information_schema has one.
    if (rest.starts_with("/*") || rest.starts_with("-- ")) throw Untranslatable{"a comment"};
    for (const std::string_view candidate : kSymbols) {
      if (!rest.starts_with(candidate)) continue;
      at_ += candidate.size();
      return {TokenKind::symbol, std::string(candidate)};
    }
    throw Untranslatable{"a character that is no part of an expression"};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// True when a backslash stands outside of strings and names, which no
// expression has: the whole text carries MySQL 8's second layer of escapes.
bool has_outer_escapes(std::string_view text) {
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0') {
      if (c == '\\') return true;
      if (c == '\'' || c == '"' || c == '`') quote = c;
    } else if (c == '\\' && quote != '`') {
      ++i;
    } else if (c == quote) {
      quote = '\0';  // a doubled quote reopens at once
    }
  }
  return false;
}

// The layer escapes the apostrophe and the backslash, nothing else.
std::string without_outer_escapes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
      if (i == text.size() || (text[i] != '\'' && text[i] != '\\'))
        throw Untranslatable{"an unexpected escape sequence"};
    }
    out += text[i];
  }
  return out;
}

}  // namespace

std::vector<Token> tokenize_expression(std::string_view text) {
  constexpr std::size_t longest = 16384;
  if (text.size() > longest) throw Untranslatable{"an expression of more than 16 KiB"};
  if (valid_text_prefix(text) != text.size()) throw Untranslatable{"bytes that are not UTF-8"};
  if (text.find("\xEF\xBF\xBD") != std::string_view::npos)
    throw Untranslatable{"the server does not tell all of its characters"};
  const std::string plain = plain_expression(text);
  return Lexer(plain).run();
}

std::string plain_expression(std::string_view text) {
  return has_outer_escapes(text) ? without_outer_escapes(text) : std::string(text);
}

}  // namespace dbsync
