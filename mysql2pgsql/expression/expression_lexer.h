// The words of a MySQL expression as information_schema shows it.
//
// MySQL 8 shows expressions with a second layer of escapes (_utf8mb4\'x\'),
// MariaDB and MySQL 5.7 show them as they would be written; both are read here.
// Assumes what this program's session sets: sql_mode='' (backslash escapes,
// "x" is a string, `x` a name).
//
// Errors: Untranslatable, for text that is no such expression. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dbsync {

// Thrown inside the translator and caught by its entry functions: the reason why
// an expression gets no translation. Not an Error, since nothing went wrong.
struct Untranslatable {
  std::string reason;

  static Untranslatable nul_byte() { return {"a string with a NUL byte"}; }
  static Untranslatable unusual_time() { return {"a text that is no usual date or time"}; }
};

enum class TokenKind { end, word, quoted_name, string, number, symbol };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;            // a word in lower case, a name or string without quotes and escapes
  std::string spelling = {};   // a word as written
  bool double_quoted = false;  // a string in "": a name under ANSI_QUOTES
  bool blank_before = false;
};

// All tokens, with one of kind `end` behind them.
std::vector<Token> tokenize_expression(std::string_view text);

// The expression as it would be written, without the second layer.
std::string plain_expression(std::string_view text);

}  // namespace dbsync
