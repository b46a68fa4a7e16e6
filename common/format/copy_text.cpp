#include "format/copy_text.h"

#include <array>

namespace dbsync::copy_text {

namespace {

// What follows the backslash for a byte that needs one, 0 for all others.
constexpr std::array<char, 256> escape_table() {
  std::array<char, 256> table{};
  table['\\'] = '\\';
  table['\t'] = 't';
  table['\n'] = 'n';
  table['\r'] = 'r';
  return table;
}
constexpr auto kEscape = escape_table();

constexpr char kHex[] = "0123456789abcdef";

}  // namespace

void put_escaped(CopyBuffer& out, std::string_view text) {
  char* const start = out.reserve(2 * text.size());
  char* p = start;
  for (const char c : text) {
    const char escape = kEscape[static_cast<unsigned char>(c)];
    if (escape == 0) {
      *p++ = c;
    } else {
      *p++ = '\\';
      *p++ = escape;
    }
  }
  out.advance(static_cast<std::size_t>(p - start));
}

void put_bytea(CopyBuffer& out, std::string_view bytes) {
  char* const start = out.reserve(3 + 2 * bytes.size());
  char* p = start;
  *p++ = '\\';
  *p++ = '\\';
  *p++ = 'x';
  for (const char c : bytes) {
    const auto u = static_cast<unsigned char>(c);
    *p++ = kHex[u >> 4];
    *p++ = kHex[u & 15];
  }
  out.advance(static_cast<std::size_t>(p - start));
}

std::string unescape(std::string_view field) {
  std::string out;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] != '\\' || i + 1 == field.size()) {
      out += field[i];
      continue;
    }
    switch (field[++i]) {
      case 't': out += '\t'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      default: out += field[i];
    }
  }
  return out;
}

}  // namespace dbsync::copy_text
