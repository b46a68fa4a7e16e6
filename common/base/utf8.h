// UTF-8 checks for text values (RFC 3629: no surrogates, no overlong forms,
// nothing above U+10FFFF). Pure, no allocation.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dbsync {

// Length of the longest prefix that is valid UTF-8 without a NUL byte;
// text.size() when all of it is. PostgreSQL text can hold neither NUL nor
// invalid sequences.
std::size_t valid_text_prefix(std::string_view text);

// The character at the front of a text that is not empty. A byte that begins none is
// returned by itself, `valid` false.
struct Utf8Character {
  char32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};
Utf8Character first_character(std::string_view text);

// Columns on a terminal: wide characters take two, combining ones and escape
// sequences none.
std::size_t display_columns(std::string_view text);
// The longest prefix of plain text that fits into `columns`.
std::string_view fit_columns(std::string_view text, std::size_t columns);

// The longest prefix of at most `bytes` bytes that ends between characters.
std::string_view utf8_truncate(std::string_view text, std::size_t bytes);

}  // namespace dbsync
