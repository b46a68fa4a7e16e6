#include "mysql2pgsql/schema/shown_text.h"

#include <algorithm>

#include "base/utf8.h"
#include "mysql2pgsql/expression/expression_lexer.h"
#include "mysql2pgsql/schema/mysql_default.h"

namespace dbsync {

namespace {

constexpr std::string_view kLost = "\xEF\xBF\xBD";    // U+FFFD
constexpr std::string_view kFourBytesShown = "????";  // MySQL's of one character

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at).starts_with(from)) {
      out += to;
      at += from.size();
    } else {
      out += text[at++];
    }
  }
  return out;
}

// UTF-8 that was taken for Latin-1 and encoded again, as it was before; nothing for
// any other text.
std::optional<std::string> encoded_once(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    if (!character.valid || character.code > 0xff) return std::nullopt;
    out += static_cast<char>(character.code);
    text.remove_prefix(character.bytes);
  }
  return valid_text_prefix(out) == out.size() ? std::optional(out) : std::nullopt;
}

// As SHOW CREATE TABLE of MySQL would write it.
std::string with_four_bytes_shown(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    out += character.bytes == 4 ? kFourBytesShown : text.substr(0, character.bytes);
    text.remove_prefix(character.bytes);
  }
  return out;
}

// The listed text, if all that is shown agrees with it.
std::optional<std::string> confirmed(const std::string& listed, const std::string& shown) {
  try {
    auto text = encoded_once(plain_expression(listed));
    return text && with_four_bytes_shown(*text) == shown ? std::move(text) : std::nullopt;
  } catch (const Untranslatable&) {
    return std::nullopt;
  }
}

// Only what information_schema gets right. MariaDB's loses characters of four bytes only.
std::string unconfirmed(const std::string& listed, bool is_mariadb) {
  std::string out;
  for (std::string_view rest = listed; !rest.empty();) {
    const Utf8Character character = first_character(rest);
    const bool lost = rest[0] == '?' || (character.bytes > 1 && !is_mariadb);
    out += lost ? kLost : rest.substr(0, character.bytes);
    rest.remove_prefix(character.bytes);
  }
  return out;
}

bool is_binary(const MysqlType& type) {
  return type.kind == MysqlKind::binary || type.kind == MysqlKind::varbinary || type.kind == MysqlKind::blob;
}

bool is_utf8(std::string_view collation) {
  return collation.empty() || collation == "binary" || collation.starts_with("utf8") || collation.starts_with("ascii");
}

}  // namespace

std::string believed_expression(const std::string& listed, const std::string& shown, bool is_mariadb) {
  if (shown.empty()) return unconfirmed(listed, is_mariadb);
  if (is_mariadb || shown.find(kFourBytesShown) == std::string::npos) return shown;
  if (auto text = confirmed(listed, shown)) return std::move(*text);
  return replaced(shown, kFourBytesShown, kLost);
}

bool may_have_lost(std::string_view text) {
  return text.find('?') != std::string_view::npos || text.find(kLost) != std::string_view::npos;
}

bool may_have_lost(std::string_view text, std::string_view collation) {
  if (text.find(kLost) != std::string_view::npos) return true;
  const bool four_bytes = collation.starts_with("utf8mb4") || collation.starts_with("utf16") ||
                          collation.starts_with("utf32") || collation.starts_with("gb18030") ||
                          collation.starts_with("uca1400");
  return four_bytes && may_have_lost(text);
}

std::optional<std::string> believed_literal(const std::string& shown, const MysqlType& type, bool exact) {
  if (auto bytes = decode_mysql_hex(shown)) {
    // In the column's character set.
    if (!is_binary(type) && !is_utf8(type.collation)) return std::nullopt;
    return bytes;
  }
  auto text = unquote_mysql_literal(shown);
  if (!text) return is_number(shown) ? std::optional(shown) : std::nullopt;
  if (exact) return text;
  if (is_binary(type)) return is_ascii(*text) && !may_have_lost(*text) ? std::move(text) : std::nullopt;
  return may_have_lost(*text, type.collation) ? std::nullopt : std::move(text);
}

}  // namespace dbsync
