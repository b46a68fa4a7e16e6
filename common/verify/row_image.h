// A row as binary COPY gives it, in a form that is the same for equal rows of
// both sides, and its hash.
//
//   int16 number of fields; per field int32 length (-1 = NULL) and the bytes
//
// Two of PostgreSQL's types have several binary forms for what their column holds
// as one value, and these are made equal before the hash: numeric(p,s) carries
// its scale with each value, and char(n) its padding. Everything else counts bit
// by bit: -0.0 is not 0.0, and a trailing blank of a text is a difference.
//
// Threads: a RowImage belongs to one; the rest are plain values.
// Source: PostgreSQL manual, COPY, "Binary Format"; numeric_send, bpcharsend.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/catalog.h"

namespace dbsync {

struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

// Good bits already: one half is enough for a hash table.
struct Hash128Hash {
  std::size_t operator()(const Hash128& hash) const { return static_cast<std::size_t>(hash.low); }
};

Hash128 hash_bytes(std::string_view bytes);

// What is compared of a table: its columns in the order of its image, and which
// of them are its key.
struct ComparedColumns {
  std::vector<TargetColumn> columns;
  std::vector<std::size_t> key;  // positions in `columns`; empty = no key

  std::vector<std::string> names() const;
};

class RowImage {
 public:
  struct Field {
    const char* data = nullptr;
    std::int32_t length = -1;  // -1 = NULL

    std::string_view bytes() const { return {data, length < 0 ? 0U : static_cast<std::size_t>(length)}; }
  };

  // `as_read`: the names of the fields as they come, all of the compared ones
  // among them. `compared` must live as long.
  RowImage(const ComparedColumns& compared, const std::vector<std::string>& as_read);

  // Takes the row at the beginning of `bytes`, which must stay valid, and returns
  // its length. Errors: ErrorKind::internal for what is no row.
  std::size_t take(std::string_view bytes);

  // Of the last row taken.
  const Hash128& hash() const { return hash_; }
  std::uint64_t key_hash() const { return key_hash_; }  // of the whole row without a key
  // A value of a compared column as it was read, and the hash of its form.
  Field field(std::size_t column) const { return fields_[order_[column]]; }
  std::uint64_t field_hash(std::size_t column);

 private:
  enum class Form : std::uint8_t { as_is, numeric, padded };
  // Of the rows as read: they are the image, they are but for the scale of some
  // values, or it has to be put together.
  enum class Image : std::uint8_t { as_read, other_scales, other };

  static Form form_of(const TargetColumn& column);
  std::size_t split(std::string_view bytes);
  void append(std::size_t column);
  void make_image(std::string_view row);
  std::uint64_t hash_of_key();

  const ComparedColumns& compared_;
  std::vector<std::size_t> order_;  // where each compared column is in the row as read
  std::vector<Form> forms_;
  std::vector<Field> fields_;          // as read
  std::vector<std::size_t> numerics_;  // fields whose scale is left out
  Image kind_ = Image::as_read;
  std::string image_;  // the image, when the bytes read are not
  Hash128 hash_;
  std::uint64_t key_hash_ = 0;
};

}  // namespace dbsync
