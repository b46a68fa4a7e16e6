#include "mysql2pgsql/expression/expression_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "mysql2pgsql/expression/expression_lexer.h"

namespace dbsync {

namespace {

constexpr int kMaxNesting = 100;  // of parentheses and prefix operators
constexpr int kMaxDepth = 200;    // of the tree: a chain a AND b AND … is deep too

constexpr auto kReserved = std::to_array<std::string_view>(
    {"and",    "or",      "xor",     "not",    "is",   "in",     "like",  "between", "case",    "when",
     "then",   "else",    "end",     "div",    "mod",  "regexp", "rlike", "escape",  "collate", "interval",
     "select", "exists",  "binary",  "null",   "true", "false",  "from",  "for",     "using",   "as",
     "match",  "against", "unknown", "sounds", "row",  "any",    "all",   "over"});

bool is_reserved(std::string_view word) {
  return std::find(kReserved.begin(), kReserved.end(), word) != kReserved.end();
}

Expr make(Expr::Kind kind, std::string text, std::vector<Expr> children = {}) {
  Expr out{kind, std::move(text), std::move(children)};
  for (const Expr& child : out.children) out.depth = std::max(out.depth, child.depth + 1);
  if (out.depth > kMaxDepth) throw Untranslatable{"an expression too deep"};
  return out;
}

template <class... Operands>
Expr operation(std::string name, Operands... operands) {
  std::vector<Expr> children;
  (children.push_back(std::move(operands)), ...);
  return make(Expr::Kind::operation, std::move(name), std::move(children));
}

// Binary operators on values, loosest first; DIV and MOD are words.
struct Level {
  std::array<std::string_view, 5> operators;
};
constexpr std::array<Level, 6> kLevels{
    {{{"|"}}, {{"&"}}, {{"<<", ">>"}}, {{"+", "-"}}, {{"*", "/", "%", "div", "mod"}}, {{"^"}}}};

class Parser {
 public:
  explicit Parser(std::string_view text) : tokens_(tokenize_expression(text)) {}

  Expr run();

 private:
  class Nesting {
   public:
    explicit Nesting(int& depth) : depth_(depth) {
      if (++depth_ > kMaxNesting) {
        --depth_;
        throw Untranslatable{"an expression too deep"};
      }
    }
    ~Nesting() { --depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    int& depth_;
  };

  const Token& token(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }

  bool is(TokenKind kind, std::string_view text, std::size_t ahead = 0) const;
  bool is_symbol(std::string_view text, std::size_t ahead = 0) const { return is(TokenKind::symbol, text, ahead); }
  bool is_word(std::string_view text, std::size_t ahead = 0) const { return is(TokenKind::word, text, ahead); }

  bool skip_symbol(std::string_view text);
  bool skip_word(std::string_view text);
  void need_symbol(std::string_view text);
  void need_word(std::string_view text);
  [[noreturn]] void unexpected() const;
  Expr any();
  Expr exclusive_or();
  Expr conjunction();
  Expr negation();

  // Left to right: a = b = c is (a = b) = c.
  Expr comparison();
  std::string_view comparison_operator();
  Expr is_test(Expr operand);
  Expr predicate();
  Expr in_list(Expr left);
  Expr value(std::size_t level = 0);
  std::string binary_operator(const Level& level);
  Expr unary();
  Expr json_arrow(Expr left);
  static Expr call_of(std::string name, Expr argument);
  static Expr cast_of(Expr operand, std::string type, std::vector<int> sizes, std::string charset);
  std::string name_token();
  Expr primary();
  Expr string(std::string charset);
  Expr word();

  // _utf8mb4'x', N'x', DATE'…'; X'41' and B'1' are bytes.
  Expr prefixed_string(const std::string& prefix);

  // Only the last part counts: an expression speaks of its own table.
  Expr column();
  std::string column_part();
  Expr case_expression();
  Expr call();
  Expr cast();
  Expr convert();
  Expr cast_type(Expr operand);
  int small_number();

  // EXTRACT(YEAR FROM x) is YEAR(x).
  Expr extract();
  Expr trim();

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

Expr Parser::run() {
  Expr out = any();
  if (token().kind != TokenKind::end) unexpected();
  return out;
}

bool Parser::is(TokenKind kind, std::string_view text, std::size_t ahead) const {
  return token(ahead).kind == kind && token(ahead).text == text;
}

bool Parser::skip_symbol(std::string_view text) {
  const bool found = is_symbol(text);
  if (found) ++at_;
  return found;
}

bool Parser::skip_word(std::string_view text) {
  const bool found = is_word(text);
  if (found) ++at_;
  return found;
}

void Parser::need_symbol(std::string_view text) {
  if (!skip_symbol(text)) unexpected();
}

void Parser::need_word(std::string_view text) {
  if (!skip_word(text)) unexpected();
}

[[noreturn]] void Parser::unexpected() const {
  const Token& found = token();
  switch (found.kind) {
    case TokenKind::end: throw Untranslatable{"the expression ends too early"};
    case TokenKind::word:
    case TokenKind::symbol: throw Untranslatable{"the syntax at " + found.text.substr(0, 40)};
    default: throw Untranslatable{"syntax that is not understood"};
  }
}

Expr Parser::any() {
  const Nesting nesting(depth_);
  Expr left = exclusive_or();
  while (skip_word("or") || skip_symbol("||")) left = operation("or", std::move(left), exclusive_or());
  return left;
}

Expr Parser::exclusive_or() {
  Expr left = conjunction();
  while (skip_word("xor")) left = operation("xor", std::move(left), conjunction());
  return left;
}

Expr Parser::conjunction() {
  Expr left = negation();
  while (skip_word("and") || skip_symbol("&&")) left = operation("and", std::move(left), negation());
  return left;
}

Expr Parser::negation() {
  if (!skip_word("not")) return comparison();
  const Nesting nesting(depth_);
  return operation("not", negation());
}

Expr Parser::comparison() {
  Expr left = predicate();
  for (;;) {
    if (skip_word("is")) {
      left = is_test(std::move(left));
      continue;
    }
    const std::string_view found = comparison_operator();
    if (found.empty()) return left;
    left = operation(std::string(found), std::move(left), predicate());
  }
}

std::string_view Parser::comparison_operator() {
  for (const std::string_view candidate : {"=", "<=>", "<>", "!=", "<", "<=", ">", ">="})
    if (skip_symbol(candidate)) return candidate == "!=" ? "<>" : candidate;
  return {};
}

Expr Parser::is_test(Expr operand) {
  const bool negated = skip_word("not");
  std::string name;
  for (const std::string_view candidate : {"null", "true", "false", "unknown"})
    if (name.empty() && skip_word(candidate)) name = candidate == "unknown" ? "null" : candidate;
  if (name.empty()) unexpected();
  return operation((negated ? "is not " : "is ") + name, std::move(operand));
}

Expr Parser::predicate() {
  Expr left = value();
  const bool negated = is_word("not");
  if (negated) {
    if (!is_word("in", 1) && !is_word("between", 1) && !is_word("like", 1) && !is_word("regexp", 1)) unexpected();
    ++at_;
  }
  Expr out;
  if (skip_word("in")) {
    out = in_list(std::move(left));
  } else if (skip_word("between")) {
    Expr low = value();
    need_word("and");
    out = operation("between", std::move(left), std::move(low), value());
  } else if (skip_word("like")) {
    out = operation("like", std::move(left), unary());
    if (skip_word("escape")) {
      if (token().text != "\\" || token().kind != TokenKind::string) throw Untranslatable{"LIKE with ESCAPE"};
      ++at_;
    }
  } else if (is_word("regexp") || is_word("rlike")) {
    throw Untranslatable{"regular expressions differ"};
  } else {
    return left;
  }
  return negated ? operation("not", std::move(out)) : out;
}

Expr Parser::in_list(Expr left) {
  need_symbol("(");
  std::vector<Expr> children;
  children.push_back(std::move(left));
  do children.push_back(any());
  while (skip_symbol(","));
  need_symbol(")");
  return make(Expr::Kind::operation, "in", std::move(children));
}

Expr Parser::value(std::size_t level) {
  if (level == kLevels.size()) return unary();
  Expr left = value(level + 1);
  for (;;) {
    const std::string found = binary_operator(kLevels[level]);
    if (found.empty()) return left;
    left = operation(found == "mod" ? "%" : found, std::move(left), value(level + 1));
  }
}

std::string Parser::binary_operator(const Level& level) {
  for (const std::string_view candidate : level.operators) {
    if (candidate.empty()) break;
    if (skip_symbol(candidate) || skip_word(candidate)) return std::string(candidate);
  }
  return {};
}

Expr Parser::unary() {
  const Nesting nesting(depth_);
  if (skip_symbol("-")) return operation("neg", unary());
  if (skip_symbol("+")) return unary();
  if (skip_symbol("!")) return operation("not", unary());
  if (skip_symbol("~")) throw Untranslatable{"bits are 64-bit unsigned numbers in MySQL"};
  if (skip_word("binary")) return cast_of(unary(), "char", {}, "binary");
  Expr out = primary();
  for (;;) {
    if (skip_word("collate")) {
      out = operation("collate", std::move(out));
      out.detail = name_token();
    } else if (is_symbol("->") || is_symbol("->>")) {
      out = json_arrow(std::move(out));
    } else {
      return out;
    }
  }
}

Expr Parser::json_arrow(Expr left) {
  const bool unquote = is_symbol("->>");
  ++at_;
  std::vector<Expr> arguments;
  arguments.push_back(std::move(left));
  arguments.push_back(primary());
  Expr out = make(Expr::Kind::call, "json_extract", std::move(arguments));
  return unquote ? call_of("json_unquote", std::move(out)) : out;
}

Expr Parser::call_of(std::string name, Expr argument) {
  std::vector<Expr> arguments;
  arguments.push_back(std::move(argument));
  return make(Expr::Kind::call, std::move(name), std::move(arguments));
}

Expr Parser::cast_of(Expr operand, std::string type, std::vector<int> sizes, std::string charset) {
  Expr out = operation("cast", std::move(operand));
  out.detail = std::move(type);
  out.sizes = std::move(sizes);
  out.charset = std::move(charset);
  return out;
}

std::string Parser::name_token() {
  if (token().kind != TokenKind::word && token().kind != TokenKind::quoted_name) unexpected();
  return tokens_[at_++].text;
}

Expr Parser::primary() {
  switch (token().kind) {
    case TokenKind::number: return make(Expr::Kind::number, tokens_[at_++].text);
    case TokenKind::string: return string("");
    case TokenKind::quoted_name: return column();  // followed by "(" it is a stored function: an error
    case TokenKind::word: return word();
    default: break;
  }
  need_symbol("(");
  Expr inner = any();
  if (is_symbol(",")) throw Untranslatable{"a row value"};
  need_symbol(")");
  return inner;
}

Expr Parser::string(std::string charset) {
  Expr out = make(Expr::Kind::string, token().text);
  out.double_quoted = token().double_quoted;
  out.detail = std::move(charset);
  ++at_;
  return out;
}

Expr Parser::word() {
  const std::string text = token().text;
  if (token(1).kind == TokenKind::string && !is_reserved(text)) return prefixed_string(text);
  if (skip_word("null")) return make(Expr::Kind::null, "");
  if (skip_word("true")) return make(Expr::Kind::boolean, "1");
  if (skip_word("false")) return make(Expr::Kind::boolean, "0");
  if (skip_word("case")) return case_expression();
  if (text == "interval") throw Untranslatable{"INTERVAL"};
  if (text == "mod" && is_symbol("(", 1)) return call();
  if (is_reserved(text)) unexpected();
  if (is_symbol("(", 1)) return call();
  if (text == "current_timestamp" || text == "localtimestamp" || text == "localtime" || text == "current_date") {
    ++at_;
    return make(Expr::Kind::call, text == "current_date" ? "curdate" : "now");
  }
  return column();
}

Expr Parser::prefixed_string(const std::string& prefix) {
  ++at_;
  if (prefix == "date" || prefix == "timestamp" || prefix == "time") {
    Expr out = make(Expr::Kind::temporal, tokens_[at_++].text);
    out.detail = prefix;
    return out;
  }
  if (prefix == "n") return string("utf8");
  if (prefix == "x" || prefix == "b") throw Untranslatable{"a hexadecimal or bit literal"};
  if (prefix.front() != '_') unexpected();
  return string(prefix.substr(1));
}

Expr Parser::column() {
  std::string name = column_part();
  for (int dots = 0; dots < 2 && skip_symbol("."); ++dots) name = column_part();
  return make(Expr::Kind::column, std::move(name));
}

std::string Parser::column_part() {
  if (token().kind != TokenKind::word && token().kind != TokenKind::quoted_name) unexpected();
  const Token& found = tokens_[at_++];
  return found.kind == TokenKind::word ? found.spelling : found.text;
}

Expr Parser::case_expression() {
  std::vector<Expr> children;
  std::string flags;
  if (!is_word("when")) {
    flags += 's';
    children.push_back(any());
  }
  if (!is_word("when")) unexpected();
  while (skip_word("when")) {
    children.push_back(any());
    need_word("then");
    children.push_back(any());
  }
  if (skip_word("else")) {
    flags += 'e';
    children.push_back(any());
  }
  need_word("end");
  Expr out = make(Expr::Kind::operation, "case", std::move(children));
  out.detail = std::move(flags);
  return out;
}

Expr Parser::call() {
  const std::string name = name_token();
  need_symbol("(");
  if (name == "cast") return cast();
  if (name == "convert") return convert();
  if (name == "extract") return extract();
  if (name == "trim") return trim();
  std::vector<Expr> arguments;
  if (!skip_symbol(")")) {
    arguments.push_back(any());
    // SUBSTRING(s FROM p FOR n) is SUBSTRING(s, p, n).
    while (skip_symbol(",") || skip_word("from") || skip_word("for")) arguments.push_back(any());
    need_symbol(")");
  }
  return make(Expr::Kind::call, name, std::move(arguments));
}

Expr Parser::cast() {
  Expr operand = any();
  need_word("as");
  return cast_type(std::move(operand));
}

Expr Parser::convert() {
  Expr operand = any();
  if (skip_symbol(",")) return cast_type(std::move(operand));
  need_word("using");
  std::string charset = name_token();
  need_symbol(")");
  return cast_of(std::move(operand), "char", {}, std::move(charset));
}

Expr Parser::cast_type(Expr operand) {
  std::string type = name_token();
  if (type == "double") skip_word("precision");
  if (type == "signed" || type == "unsigned") skip_word("integer");
  std::vector<int> sizes;
  if (skip_symbol("(")) {
    do sizes.push_back(small_number());
    while (skip_symbol(","));
    need_symbol(")");
  }
  std::string charset;
  if (skip_word("charset")) {
    charset = name_token();
  } else if (skip_word("character")) {
    need_word("set");
    charset = name_token();
  }
  need_symbol(")");
  return cast_of(std::move(operand), std::move(type), std::move(sizes), std::move(charset));
}

int Parser::small_number() {
  int out = 0;
  const std::string& text = token().text;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (token().kind != TokenKind::number || error != std::errc() || end != text.data() + text.size()) unexpected();
  ++at_;
  return out;
}

Expr Parser::extract() {
  std::string unit = name_token();
  for (const std::string_view known : {"year", "quarter", "month", "day", "hour", "minute", "second"}) {
    if (unit != known) continue;
    need_word("from");
    Expr operand = any();
    need_symbol(")");
    return call_of(std::move(unit), std::move(operand));
  }
  throw Untranslatable{"EXTRACT of " + unit.substr(0, 40)};
}

Expr Parser::trim() {
  std::string name = "trim";
  if (skip_word("leading")) {
    name = "ltrim";
  } else if (skip_word("trailing")) {
    name = "rtrim";
  } else {
    skip_word("both");
  }
  if (skip_word("from")) {
    Expr operand = any();
    need_symbol(")");
    return call_of(name, std::move(operand));
  }
  Expr first = any();
  if (skip_word("from")) {
    if (first.kind != Expr::Kind::string || first.text != " ") throw Untranslatable{"TRIM of other than blanks"};
    first = any();
  }
  need_symbol(")");
  return call_of(name, std::move(first));
}

}  // namespace

Expr parse_expression(std::string_view text) { return Parser(text).run(); }

}  // namespace dbsync
