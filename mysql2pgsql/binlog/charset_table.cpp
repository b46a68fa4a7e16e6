#include "mysql2pgsql/binlog/charset_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"

namespace dbsync {

namespace {

using Code = CharsetTable::Code;

constexpr std::size_t kFourByteCodes = 39420;   // of GB 18030 in the basic plane
constexpr std::size_t kSupplementary = 189000;  // where its other planes begin
constexpr std::uint8_t kThreeByteLead = 0x8F;   // of EUC-JP

std::uint8_t byte_at(std::string_view text, std::size_t i) { return static_cast<std::uint8_t>(text[i]); }

bool between(std::uint8_t byte, unsigned low, unsigned high) { return byte >= low && byte <= high; }

bool is_euc_japanese(std::string_view name) { return name == "ujis" || name == "eucjpms"; }

// Whether a byte begins a character of several bytes.
bool is_lead(std::string_view name, std::uint8_t byte) {
  if (name == "sjis" || name == "cp932") return between(byte, 0x81, 0x9F) || between(byte, 0xE0, 0xFC);
  if (is_euc_japanese(name)) return byte == 0x8E || byte == kThreeByteLead || between(byte, 0xA1, 0xFE);
  if (name == "big5") return between(byte, 0xA1, 0xF9);
  if (name == "gb2312") return between(byte, 0xA1, 0xF7);
  return between(byte, 0x81, 0xFE);  // gbk, gb18030, euckr
}

bool is_multibyte(std::string_view name) {
  constexpr std::array<std::string_view, 9> names{"sjis",   "cp932", "ujis",    "eucjpms", "big5",
                                                  "gb2312", "gbk",   "gb18030", "euckr"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

void append_utf8(std::uint32_t c, std::string& out) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

void convert_utf16(std::string_view text, bool little, std::string& out) {
  const auto unit = [&](std::size_t i) {
    const std::uint32_t a = byte_at(text, i), b = byte_at(text, i + 1);
    return little ? b << 8 | a : a << 8 | b;
  };
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    std::uint32_t c = unit(i);
    if (c >= 0xD800 && c < 0xDC00 && i + 3 < text.size()) {
      const std::uint32_t low = unit(i + 2);
      if (low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        i += 2;
      }
    }
    append_utf8(c >= 0xD800 && c < 0xE000 ? '?' : c, out);
  }
}

void convert_utf32(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i + 3 < text.size(); i += 4) {
    std::uint32_t c = 0;
    for (std::size_t k = 0; k < 4; ++k) c = c << 8 | byte_at(text, i + k);
    append_utf8(c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? '?' : c, out);
  }
}

// Where a code of four bytes stands in GB 18030.
std::size_t four_byte_place(std::string_view text) {
  return ((static_cast<std::size_t>(byte_at(text, 0) - 0x81) * 10 + (byte_at(text, 1) - 0x30U)) * 126 +
          (byte_at(text, 2) - 0x81U)) *
             10 +
         (byte_at(text, 3) - 0x30U);
}

bool is_four_byte(std::string_view text) {
  return text.size() >= 4 && between(byte_at(text, 1), 0x30, 0x39) && between(byte_at(text, 2), 0x81, 0xFE) &&
         between(byte_at(text, 3), 0x30, 0x39);
}

// ------------------------------------------------------------ asking the source

constexpr std::string_view kDigits =
    "(SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 "
    "UNION ALL "
    "SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10 UNION ALL SELECT 11 UNION "
    "ALL "
    "SELECT 12 UNION ALL SELECT 13 UNION ALL SELECT 14 UNION ALL SELECT 15)";

// Numbers and the characters of the codes that `code` makes of them ($ = the number).
std::string codes_query(const std::string& charset, std::string code, std::string_view most) {
  for (std::size_t at = code.find('$'); at != std::string::npos; at = code.find('$')) code.replace(at, 1, "q.n");
  return fmt::format(
      "SELECT q.n, HEX(CONVERT(CONVERT(UNHEX({1}) USING {0}) USING utf8mb4)) FROM (SELECT a.n * 4096 + b.n * 256 + c.n "
      "* 16 + d.n AS n "
      "FROM {2} a CROSS JOIN {2} b CROSS JOIN {2} c CROSS JOIN {2} d) AS q WHERE q.n < {3}",
      charset, code, kDigits, most);
}

std::vector<Code> ask_codes(const SourceQuery& query, const std::string& charset, const std::string& code,
                            std::size_t count) {
  std::vector<Code> out(count);
  for (const auto& row : query(codes_query(charset, code, std::to_string(count)))) {
    if (!row.at(0) || !row.at(1)) continue;
    const std::size_t number = std::stoul(*row[0]);
    const std::string& hex = *row[1];
    if (number >= count || hex.size() % 2 != 0 || hex.size() > 8) continue;
    Code& made = out[number];
    for (std::size_t i = 0; i < hex.size(); i += 2)
      made.bytes[made.size++] = static_cast<char>(std::stoul(hex.substr(i, 2), nullptr, 16));
  }
  return out;
}

}  // namespace

CharsetTable::CharsetTable(std::string name, std::vector<Code> one, std::vector<Code> two, std::vector<Code> three,
                           std::vector<Code> four)
    : name_(std::move(name)),
      one_(std::move(one)),
      two_(std::move(two)),
      three_(std::move(three)),
      four_(std::move(four)) {
  if (one_.size() != 256) throw Error(ErrorKind::internal, "a character set without its codes of one byte");
}

// The next character, null when it is not defined; moves behind it.
const Code* CharsetTable::next(std::string_view& text) const {
  const auto found = [](const std::vector<Code>& table, std::size_t number) {
    return number < table.size() && table[number].size > 0 ? &table[number] : nullptr;
  };
  const std::uint8_t first = byte_at(text, 0);
  if (two_.empty() || !is_lead(name_, first) || text.size() < 2) {
    text.remove_prefix(1);
    return found(one_, first);
  }
  if (!three_.empty() && first == kThreeByteLead && text.size() >= 3) {
    const std::size_t number = std::size_t{byte_at(text, 1)} << 8 | byte_at(text, 2);
    text.remove_prefix(3);
    return found(three_, number);
  }
  if (!four_.empty() && is_four_byte(text)) {
    const std::size_t place = four_byte_place(text);
    text.remove_prefix(4);
    return found(four_, place);
  }
  const std::size_t number = std::size_t{first} << 8 | byte_at(text, 1);
  text.remove_prefix(2);
  return found(two_, number);
}

void CharsetTable::convert_table(std::string_view text, std::string& out) const {
  while (!text.empty()) {
    if (!four_.empty() && is_lead(name_, byte_at(text, 0)) && is_four_byte(text) &&
        four_byte_place(text) >= kSupplementary) {
      append_utf8(static_cast<std::uint32_t>(0x10000 + four_byte_place(text) - kSupplementary), out);
      text.remove_prefix(4);
      continue;
    }
    const Code* code = next(text);
    if (code == nullptr)
      out += '?';
    else
      out.append(code->bytes.data(), code->size);
  }
}

std::string_view CharsetTable::convert(std::string_view text, std::string& scratch) const {
  if (kind_ == Kind::utf8) return text;
  scratch.clear();
  switch (kind_) {
    case Kind::utf8: break;
    case Kind::utf16: convert_utf16(text, false, scratch); break;
    case Kind::utf16le: convert_utf16(text, true, scratch); break;
    case Kind::utf32: convert_utf32(text, scratch); break;
    case Kind::table: convert_table(text, scratch); break;
  }
  return scratch;
}

std::string charset_of(std::string_view collation) { return std::string(collation.substr(0, collation.find('_'))); }

std::shared_ptr<const CharsetTable> load_charset(const std::string& charset, const SourceQuery& query) {
  using Kind = CharsetTable::Kind;
  const auto of = [](Kind kind) { return std::make_shared<const CharsetTable>(kind); };
  if (charset == "utf8" || charset == "utf8mb3" || charset == "utf8mb4" || charset == "ascii" || charset == "binary")
    return of(Kind::utf8);
  if (charset == "utf16" || charset == "ucs2") return of(Kind::utf16);
  if (charset == "utf16le") return of(Kind::utf16le);
  if (charset == "utf32") return of(Kind::utf32);
  for (const char c : charset)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
      throw Error(ErrorKind::source, fmt::format("the character set {} is not known", charset));
  std::vector<Code> two, three, four;
  std::vector<Code> one = ask_codes(query, charset, "LPAD(HEX($), 2, '0')", 256);
  if (is_multibyte(charset)) {
    two = ask_codes(query, charset, "LPAD(HEX($), 4, '0')", 65536);
    for (unsigned byte = 0; byte < 256; ++byte)
      if (!is_lead(charset, static_cast<std::uint8_t>(byte))) std::fill_n(two.begin() + byte * 256, 256, Code{});
  }
  if (is_euc_japanese(charset)) three = ask_codes(query, charset, "CONCAT('8F', LPAD(HEX($), 4, '0'))", 65536);
  if (charset == "gb18030")
    four = ask_codes(
        query, charset,
        "CONCAT(HEX(129 + $ DIV 12600), HEX(48 + $ DIV 1260 MOD 10), HEX(129 + $ DIV 10 MOD 126), HEX(48 + $ MOD 10))",
        kFourByteCodes);
  return std::make_shared<const CharsetTable>(charset, std::move(one), std::move(two), std::move(three),
                                              std::move(four));
}

}  // namespace dbsync
