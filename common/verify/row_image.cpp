#include "verify/row_image.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "format/copy_buffer.h"

namespace dbsync {

namespace {

constexpr std::size_t kNumericScale = 6;  // offset of dscale in a binary numeric
constexpr std::size_t kNumericHeader = 8;

[[noreturn]] void no_row(std::string_view why) {
  throw Error(ErrorKind::internal, fmt::format("these bytes are no row of a binary COPY: {}", why));
}

std::uint32_t load_be32(const char* p) {
  std::uint32_t v = 0;
  std::memcpy(&v, p, sizeof v);
  return __builtin_bswap32(v);
}

std::uint16_t load_be16(const char* p) {
  std::uint16_t v = 0;
  std::memcpy(&v, p, sizeof v);
  return __builtin_bswap16(v);
}

std::string_view without_padding(std::string_view text) {
  const std::size_t last = text.find_last_not_of(' ');
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

void append_be32(std::string& out, std::uint32_t v) {
  char bytes[4];
  store_be32(bytes, v);
  out.append(bytes, sizeof bytes);
}

}  // namespace

Hash128 hash_bytes(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

std::vector<std::string> ComparedColumns::names() const {
  std::vector<std::string> out;
  for (const TargetColumn& column : columns) out.push_back(column.name);
  return out;
}

// A numeric without a precision keeps the scale of each value, and shows it.
RowImage::Form RowImage::form_of(const TargetColumn& column) {
  if (column.type.kind == PgKind::numeric && column.type.length >= 0) return Form::numeric;
  return column.type.kind == PgKind::bpchar ? Form::padded : Form::as_is;
}

RowImage::RowImage(const ComparedColumns& compared, const std::vector<std::string>& as_read)
    : compared_(compared), fields_(as_read.size()) {
  if (as_read.size() != compared.columns.size()) kind_ = Image::other;
  for (const TargetColumn& column : compared.columns) {
    const auto found = std::find(as_read.begin(), as_read.end(), column.name);
    if (found == as_read.end()) throw Error(ErrorKind::internal, fmt::format("column {} was not read", column.name));
    order_.push_back(static_cast<std::size_t>(found - as_read.begin()));
    forms_.push_back(form_of(column));
    if (order_.back() != order_.size() - 1 || forms_.back() == Form::padded) kind_ = Image::other;
    if (forms_.back() == Form::numeric) numerics_.push_back(order_.back());
  }
  if (kind_ == Image::as_read && !numerics_.empty()) kind_ = Image::other_scales;
}

std::size_t RowImage::split(std::string_view bytes) {
  if (bytes.size() < 2) no_row("too short");
  if (load_be16(bytes.data()) != fields_.size())
    no_row(fmt::format("{} fields instead of {}", load_be16(bytes.data()), fields_.size()));
  std::size_t at = 2;
  for (Field& field : fields_) {
    if (bytes.size() - at < 4) no_row("cut off");
    field.length = static_cast<std::int32_t>(load_be32(bytes.data() + at));
    at += 4;
    field.data = bytes.data() + at;
    if (field.length < 0) continue;
    if (bytes.size() - at < static_cast<std::size_t>(field.length)) no_row("cut off");
    at += static_cast<std::size_t>(field.length);
  }
  return at;
}

// Length and bytes of a compared column's value, in the form that is hashed.
void RowImage::append(std::size_t column) {
  const Field value = field(column);
  if (value.length < 0) return append_be32(image_, 0xFFFFFFFFU);
  std::string_view bytes = value.bytes();
  if (forms_[column] == Form::padded) bytes = without_padding(bytes);
  append_be32(image_, static_cast<std::uint32_t>(bytes.size()));
  image_.append(bytes);
  if (forms_[column] == Form::numeric && bytes.size() >= kNumericHeader)
    std::memset(image_.data() + image_.size() - bytes.size() + kNumericScale, 0, 2);
}

void RowImage::make_image(std::string_view row) {
  if (kind_ == Image::other) {
    image_.resize(2);
    store_be16(image_.data(), static_cast<std::uint16_t>(order_.size()));
    for (std::size_t column = 0; column < order_.size(); ++column) append(column);
    return;
  }
  image_.assign(row);
  for (const std::size_t field : numerics_)
    if (fields_[field].length >= static_cast<std::int32_t>(kNumericHeader))
      std::memset(image_.data() + (fields_[field].data - row.data()) + kNumericScale, 0, 2);
}

std::uint64_t RowImage::hash_of_key() {
  if (compared_.key.size() == 1 && forms_[compared_.key.front()] == Form::as_is) {
    const std::string_view value = field(compared_.key.front()).bytes();
    return XXH3_64bits(value.data(), value.size());
  }
  image_.clear();
  for (const std::size_t column : compared_.key) append(column);
  return XXH3_64bits(image_.data(), image_.size());
}

std::uint64_t RowImage::field_hash(std::size_t column) {
  image_.clear();
  append(column);
  return XXH3_64bits(image_.data(), image_.size());
}

std::size_t RowImage::take(std::string_view bytes) {
  const std::size_t length = split(bytes);
  const std::string_view row = bytes.substr(0, length);
  if (kind_ == Image::as_read) {
    hash_ = hash_bytes(row);
  } else {
    make_image(row);
    hash_ = hash_bytes(image_);
  }
  key_hash_ = compared_.key.empty() ? hash_.low : hash_of_key();
  return length;
}

}  // namespace dbsync
