// How PostgreSQL reads one field of COPY text (CopyReadAttributesText and
// CopyReadLineText in src/backend/commands/copyfromparse.c), written plainly:
// the other side of what this project writes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace dbsync::fuzz {

inline int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

// \101 and \x41: up to `most` digits of the base.
inline char numbered_byte(std::string_view& rest, int base, std::size_t most) {
  int value = 0;
  for (std::size_t i = 0; i < most && !rest.empty() && digit_of(rest.front()) < base; ++i) {
    value = value * base + digit_of(rest.front());
    rest.remove_prefix(1);
  }
  return static_cast<char>(value);
}

inline char named_byte(char c) {
  constexpr std::string_view names = "bfnrtv";
  constexpr std::string_view bytes = "\b\f\n\r\t\v";
  const std::size_t at = names.find(c);
  return at == std::string_view::npos ? c : bytes[at];
}

// Nothing for NULL.
inline std::optional<std::string> read_copy_field(std::string_view field) {
  if (field == "\\N") return std::nullopt;
  std::string out;
  while (!field.empty()) {
    const char c = field.front();
    field.remove_prefix(1);
    check(c != '\t' && c != '\n' && c != '\r', "a field holds no separator");
    if (c != '\\') {
      out += c;
      continue;
    }
    check(!field.empty(), "a field does not end with a backslash");
    const char next = field.front();
    if (digit_of(next) < 8) {
      out += numbered_byte(field, 8, 3);
    } else if (next == 'x' && field.size() > 1 && digit_of(field[1]) < 16) {
      field.remove_prefix(1);
      out += numbered_byte(field, 16, 2);
    } else {
      check(next != '.', "no end-of-data marker in a field");
      field.remove_prefix(1);
      out += named_byte(next);
    }
  }
  return out;
}

// One row with its newline, split into fields.
inline std::vector<std::string_view> split_copy_row(std::string_view row) {
  check(row.ends_with('\n'), "a row ends with a newline");
  row.remove_suffix(1);
  check(row.find('\n') == std::string_view::npos, "a row is one line");
  std::vector<std::string_view> fields;
  for (std::size_t tab = 0; tab != std::string_view::npos;) {
    tab = row.find('\t');
    fields.push_back(row.substr(0, tab));
    row.remove_prefix(tab == std::string_view::npos ? row.size() : tab + 1);
  }
  return fields;
}

// bytea's hex form.
inline std::string read_bytea(std::string_view text) {
  check(text.starts_with("\\x") && text.size() % 2 == 0, "bytea begins with \\x and has whole bytes");
  std::string out;
  for (std::size_t i = 2; i < text.size(); i += 2) {
    check(digit_of(text[i]) < 16 && digit_of(text[i + 1]) < 16, "bytea is hex digits");
    out += static_cast<char>(digit_of(text[i]) * 16 + digit_of(text[i + 1]));
  }
  return out;
}

}  // namespace dbsync::fuzz
