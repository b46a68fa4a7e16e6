#include "mysql2pgsql/schema/mysql_default.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace dbsync {

namespace {

bool is_temporal(MysqlKind kind) { return kind == MysqlKind::timestamp || kind == MysqlKind::datetime; }

bool is_binary(MysqlKind kind) {
  return kind == MysqlKind::binary || kind == MysqlKind::varbinary || kind == MysqlKind::blob;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char unescaped(char c) {
  switch (c) {
    case '0': return '\0';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'b': return '\b';
    case 'Z': return '\x1A';
    default: return c;
  }
}

// x'616200', as newer versions of MariaDB show it.
std::optional<std::string> quoted_hex(std::string_view text) {
  if (text.size() < 3 || !text.starts_with("x'") || !text.ends_with('\'')) return std::nullopt;
  return decode_mysql_hex("0x" + std::string(text.substr(2, text.size() - 3)));
}

void settle_mariadb(MysqlColumn& column, const std::string& text) {
  if (text == "NULL") {
    column.default_kind = MysqlColumn::Default::null;
  } else if (auto literal = unquote_mysql_literal(text)) {
    column.default_kind = MysqlColumn::Default::literal;
    column.default_text = std::move(*literal);
  } else if (auto bytes = is_binary(column.type.kind) ? quoted_hex(text) : std::nullopt) {
    column.default_kind = MysqlColumn::Default::literal;
    column.default_text = std::move(*bytes);
  } else if (is_number(text) || text.starts_with("b'")) {
    column.default_kind = MysqlColumn::Default::literal;
    column.default_text = text;
  } else {
    column.default_kind = MysqlColumn::Default::expression;
    column.default_text = text;
  }
}

// Without the digits at its beginning; nothing when there are none.
std::optional<std::string_view> skip_digits(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0) return std::nullopt;
  return text.substr(digits);
}

}  // namespace

bool is_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  auto rest = skip_digits(text);
  if (rest && rest->starts_with('.')) rest = skip_digits(rest->substr(1));
  if (rest && (rest->starts_with('e') || rest->starts_with('E'))) {
    rest->remove_prefix(1);
    if (rest->starts_with('-') || rest->starts_with('+')) rest->remove_prefix(1);
    rest = skip_digits(*rest);
  }
  return rest && rest->empty();
}

std::optional<std::string> unquote_mysql_literal(std::string_view text) {
  if (text.size() < 2 || text.front() != '\'' || text.back() != '\'') return std::nullopt;
  std::string out;
  const std::string_view inner = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < inner.size(); ++i) {
    const char c = inner[i];
    if (c == '\'') {
      if (i + 1 >= inner.size() || inner[i + 1] != '\'') return std::nullopt;  // 'a' || 'b'
      ++i;
      out += c;
    } else if (c == '\\') {
      if (++i >= inner.size()) return std::nullopt;
      out += unescaped(inner[i]);
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::string> decode_mysql_hex(std::string_view text) {
  if (!text.starts_with("0x") || text.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 2; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

void settle_default(MysqlColumn& column, const std::optional<std::string>& shown, bool flagged_expression,
                    bool is_mariadb, unsigned version) {
  constexpr unsigned mariadb_shows_sql = 100207;
  constexpr unsigned mysql_shows_hex = 80000;  // binary defaults as 0x…, not as the bytes
  if (!shown) {
    column.default_kind = column.nullable ? MysqlColumn::Default::null : MysqlColumn::Default::none;
    return;
  }
  if (is_mariadb && version >= mariadb_shows_sql) {
    settle_mariadb(column, *shown);
    return;
  }
  if (is_binary(column.type.kind) && !is_mariadb && version >= mysql_shows_hex && !flagged_expression)
    if (auto bytes = decode_mysql_hex(*shown)) {
      column.default_kind = MysqlColumn::Default::literal;
      column.default_text = std::move(*bytes);
      return;
    }
  const bool now = is_temporal(column.type.kind) && to_lower(*shown).starts_with("current_timestamp");
  column.default_kind = flagged_expression || now ? MysqlColumn::Default::expression : MysqlColumn::Default::literal;
  column.default_text = *shown;
}

}  // namespace dbsync
