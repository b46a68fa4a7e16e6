// Text of row images in UTF-8, as the source itself would have converted it.
//
// The server's own tables are asked for, once per character set: those of iconv differ
// in many characters, and rows that were copied came through the server's.
//
// A code that the character set does not define becomes '?', as the server does it.
// Pure but for load_charset(). Threads: immutable, shared.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsync {

class CharsetTable {
 public:
  enum class Kind : std::uint8_t { utf8, utf16, utf16le, utf32, table };
  // A character in UTF-8; no bytes: not defined.
  struct Code {
    std::array<char, 4> bytes{};
    std::uint8_t size = 0;
  };

  explicit CharsetTable(Kind kind) : kind_(kind) {}
  // By the codes of one, two, three (behind 8F) and four bytes (in the order of GB 18030).
  CharsetTable(std::string name, std::vector<Code> one, std::vector<Code> two, std::vector<Code> three,
               std::vector<Code> four);

  // True when text is UTF-8 already.
  bool plain() const { return kind_ == Kind::utf8; }
  // The text itself or what it is, in `scratch`.
  std::string_view convert(std::string_view text, std::string& scratch) const;

 private:
  void convert_table(std::string_view text, std::string& out) const;
  const Code* next(std::string_view& text) const;

  Kind kind_ = Kind::table;
  std::string name_;
  std::vector<Code> one_, two_, three_, four_;
};

// "latin1" of "latin1_swedish_ci".
std::string charset_of(std::string_view collation);

// Runs a query on the source.
using SourceQuery = std::function<std::vector<std::vector<std::optional<std::string>>>(const std::string& sql)>;

// Errors: ErrorKind::source for a character set that is not known; those of the query.
std::shared_ptr<const CharsetTable> load_charset(const std::string& charset, const SourceQuery& query);

}  // namespace dbsync
