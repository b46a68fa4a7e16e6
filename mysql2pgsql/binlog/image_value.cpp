#include "mysql2pgsql/binlog/image_value.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "mysql2pgsql/binlog/compressed.h"
#include "mysql2pgsql/binlog/image_decimal.h"
#include "mysql2pgsql/binlog/image_temporal.h"
#include "mysql2pgsql/binlog/json_text.h"

namespace dbsync {

namespace {

constexpr std::size_t kUuidBytes = 16, kInet4Bytes = 4, kInet6Bytes = 16;

std::uint8_t low(std::uint16_t meta) { return static_cast<std::uint8_t>(meta & 0xFF); }
std::uint8_t high(std::uint16_t meta) { return static_cast<std::uint8_t>(meta >> 8); }

bool is_text(MysqlKind kind) {
  return kind == MysqlKind::character || kind == MysqlKind::varchar || kind == MysqlKind::text;
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t v = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) v = v << 8 | static_cast<unsigned char>(bytes[i]);
  return v;
}

}  // namespace

ValueReader::ValueReader(const ImageColumn& image, const MysqlType& type, std::shared_ptr<const CharsetTable> charset)
    : type_(type), charset_(std::move(charset)) {
  choose(image);
}

void ValueReader::unlike(const ImageColumn& image) const {
  throw Error(ErrorKind::source, fmt::format("a column of type {} has the type {} (metadata {:04x}) in the binlog",
                                             type_.text, static_cast<unsigned>(image.type), image.meta))
      .hint("the table was altered since its definition was read");
}

void ValueReader::choose(const ImageColumn& image) {
  const auto expect = [&](bool fits) {
    if (!fits) unlike(image);
  };
  const auto number = [&](MysqlKind kind, Wire with_sign, Wire without, std::uint32_t size) {
    expect(type_.kind == kind);
    wire_ = type_.is_unsigned ? without : with_sign;
    size_ = size;
  };
  const auto counted = [&](Form form, std::size_t length_bytes) {
    form_ = form;
    length_bytes_ = static_cast<std::uint8_t>(length_bytes);
    expect(length_bytes_ >= 1 && length_bytes_ <= 4);
  };
  const MysqlKind kind = type_.kind;
  switch (image.type) {
    case ImageType::tiny: return number(MysqlKind::tinyint, Wire::i8, Wire::u8, 1);
    case ImageType::short_int: return number(MysqlKind::smallint, Wire::i16, Wire::u16, 2);
    case ImageType::long_int: return number(MysqlKind::integer, Wire::i32, Wire::u32, 4);
    case ImageType::longlong: return number(MysqlKind::bigint, Wire::i64, Wire::u64, 8);
    case ImageType::float4: return number(MysqlKind::float4, Wire::f32, Wire::f32, 4);
    case ImageType::float8: return number(MysqlKind::float8, Wire::f64, Wire::f64, 8);
    case ImageType::int24:
      number(MysqlKind::mediumint, Wire::i32, Wire::u32, 3);
      form_ = Form::int24;
      return;
    case ImageType::year:
      number(MysqlKind::year, Wire::u16, Wire::u16, 1);
      form_ = Form::year;
      return;
    case ImageType::newdecimal:
      form_ = Form::decimal;
      precision_ = low(image.meta);
      digits_ = high(image.meta);
      size_ = static_cast<std::uint32_t>(image_decimal_size(precision_, digits_));
      return expect(kind == MysqlKind::decimal && size_ > 0);
    case ImageType::bit:
      size_ = high(image.meta) + (low(image.meta) > 0 ? 1U : 0U);
      return expect(kind == MysqlKind::bit && size_ > 0 && size_ <= 8);
    case ImageType::date:
    case ImageType::newdate:
    case ImageType::time:
    case ImageType::datetime:
    case ImageType::timestamp:
    case ImageType::time2:
    case ImageType::datetime2:
    case ImageType::timestamp2: return choose_temporal(image.type, image.meta);
    case ImageType::varchar:
    case ImageType::var_string:
      counted(is_text(kind) ? Form::text : Form::bytes, image.meta > 255 ? 2 : 1);
      return expect(is_text(kind) || kind == MysqlKind::varbinary);
    case ImageType::varchar_compressed:
      counted(Form::compressed, image.meta > 255 ? 2 : 1);
      return expect(is_text(kind) || kind == MysqlKind::varbinary);
    case ImageType::blob:
    case ImageType::tiny_blob:
    case ImageType::medium_blob:
    case ImageType::long_blob:
      // JSON of MariaDB is text.
      counted(is_text(kind) || kind == MysqlKind::json ? Form::text : Form::bytes, image.meta);
      return expect(is_text(kind) || kind == MysqlKind::blob || kind == MysqlKind::json);
    case ImageType::blob_compressed:
      counted(Form::compressed, image.meta);
      return expect(is_text(kind) || kind == MysqlKind::blob);
    case ImageType::geometry: counted(Form::bytes, image.meta); return expect(kind == MysqlKind::geometry);
    case ImageType::vector: counted(Form::bytes, image.meta); return expect(kind == MysqlKind::vector);
    case ImageType::json: counted(Form::json, image.meta); return expect(kind == MysqlKind::json);
    case ImageType::string: return choose_string(image.meta);
    case ImageType::decimal_old:
    case ImageType::null:
    case ImageType::enumeration:
    case ImageType::set: break;
  }
  unlike(image);
}

void ValueReader::choose_temporal(ImageType type, std::uint16_t meta) {
  wire_ = Wire::temporal;
  const ImageColumn image{type, meta, false};
  const auto set = [&](MysqlKind kind, Form form, std::size_t size) {
    if (type_.kind != kind || digits_ > 6 || size == 0) unlike(image);
    form_ = form;
    size_ = static_cast<std::uint32_t>(size);
  };
  // The older forms have no metadata: the digits are the catalog's.
  const bool old = type == ImageType::time || type == ImageType::datetime || type == ImageType::timestamp;
  digits_ = old ? static_cast<std::uint8_t>(type_.fraction) : low(meta);
  if (digits_ > 6 || (!old && type != ImageType::date && type != ImageType::newdate && digits_ != type_.fraction))
    unlike(image);
  const std::size_t fraction = (digits_ + 1U) / 2;
  switch (type) {
    case ImageType::date:
    case ImageType::newdate: return set(MysqlKind::date, Form::date, 3);
    case ImageType::time2: return set(MysqlKind::time, Form::time2, 3 + fraction);
    case ImageType::datetime2: return set(MysqlKind::datetime, Form::datetime2, 5 + fraction);
    case ImageType::timestamp2: return set(MysqlKind::timestamp, Form::timestamp2, 4 + fraction);
    case ImageType::time:
      return set(MysqlKind::time, digits_ > 0 ? Form::time_hires : Form::time_old, hires_size(true, false, digits_));
    case ImageType::datetime:
      return set(MysqlKind::datetime, digits_ > 0 ? Form::datetime_hires : Form::datetime_old,
                 hires_size(false, false, digits_));
    default:
      return set(MysqlKind::timestamp, digits_ > 0 ? Form::timestamp_hires : Form::timestamp_old,
                 hires_size(false, true, digits_));
  }
}

// ENUM, SET, CHAR, BINARY and MariaDB's types that are stored as BINARY.
void ValueReader::choose_string(std::uint16_t meta) {
  const ImageColumn image{ImageType::string, meta, false};
  const auto real = static_cast<ImageType>(low(meta));
  if (real == ImageType::enumeration || real == ImageType::set) {
    form_ = real == ImageType::set ? Form::set : Form::enumeration;
    size_ = high(meta);
    if (type_.kind != (real == ImageType::set ? MysqlKind::set : MysqlKind::enumeration) || size_ == 0 || size_ > 8)
      unlike(image);
    return;
  }
  // The two upper bits of a length over 255 are hidden in the type.
  const unsigned most = high(meta) | ((low(meta) & 0x30U) ^ 0x30U) << 4;
  length_bytes_ = most > 255 ? 2 : 1;
  form_ = Form::padded;
  switch (type_.kind) {
    case MysqlKind::character: form_ = Form::text; return;
    case MysqlKind::binary: size_ = static_cast<std::uint32_t>(type_.length); return;
    case MysqlKind::uuid: form_ = Form::uuid; return;
    case MysqlKind::inet4: form_ = Form::inet4; return;
    case MysqlKind::inet6: form_ = Form::inet6; return;
    default: unlike(image);
  }
}

std::string_view ValueReader::take(LittleReader& in) const {
  return in.bytes(length_bytes_ == 0 ? size_ : in.le(length_bytes_));
}

void ValueReader::point_at_scratch(SourceValue& out) const {
  out.data = scratch_.data();
  out.length = scratch_.size();
}

void ValueReader::read(LittleReader& in, SourceValue& out) {
  const std::string_view bytes = take(in);
  out.is_null = false;
  out.data = bytes.data();
  out.length = bytes.size();
  switch (form_) {
    case Form::plain:
    case Form::bytes: return;
    case Form::int24: {
      std::uint64_t v = little_endian(bytes);
      if (!type_.is_unsigned && (v & 0x800000) != 0) v |= 0xFF000000U;
      number_ = v;
      out.data = reinterpret_cast<const char*>(&number_);
      return;
    }
    case Form::year: {
      const std::uint64_t v = little_endian(bytes);
      number_ = v == 0 ? 0 : 1900 + v;
      out.data = reinterpret_cast<const char*>(&number_);
      return;
    }
    case Form::decimal:
      if (!image_decimal_text(bytes, precision_, digits_, scratch_)) in.fail("an impossible decimal");
      return point_at_scratch(out);
    case Form::date:
    case Form::time2:
    case Form::datetime2:
    case Form::timestamp2:
    case Form::time_old:
    case Form::datetime_old:
    case Form::timestamp_old:
    case Form::time_hires:
    case Form::datetime_hires:
    case Form::timestamp_hires:
      read_temporal(bytes);
      out.data = reinterpret_cast<const char*>(&temporal_);
      return;
    case Form::enumeration:
    case Form::set: return read_labels(bytes, out);
    case Form::text: return read_text(bytes, out);
    case Form::compressed: return read_text(inflate_column(bytes, inflated_), out);
    case Form::json: json_text(bytes, scratch_); return point_at_scratch(out);
    case Form::padded:
      if (bytes.size() >= size_) return;
      scratch_.assign(bytes);
      scratch_.resize(size_, '\0');
      return point_at_scratch(out);
    case Form::uuid:
    case Form::inet4:
    case Form::inet6: return read_address(bytes, out);
  }
}

void ValueReader::read_temporal(std::string_view bytes) {
  bool good = true;
  switch (form_) {
    case Form::date: image_date(bytes, temporal_); break;
    case Form::time2: good = image_time2(bytes, digits_, temporal_); break;
    case Form::datetime2: good = image_datetime2(bytes, digits_, temporal_); break;
    case Form::timestamp2: good = image_timestamp2(bytes, digits_, temporal_); break;
    case Form::time_old: good = image_time_old(bytes, temporal_); break;
    case Form::datetime_old: good = image_datetime_old(bytes, temporal_); break;
    case Form::timestamp_old: good = image_timestamp_old(bytes, temporal_); break;
    case Form::time_hires: good = image_time_hires(bytes, digits_, temporal_); break;
    case Form::datetime_hires: good = image_datetime_hires(bytes, digits_, temporal_); break;
    default: good = image_timestamp_hires(bytes, digits_, temporal_); break;
  }
  if (!good) LittleReader(bytes, "row image").fail("an impossible date or time");
}

void ValueReader::read_text(std::string_view bytes, SourceValue& out) {
  const std::string_view text = charset_ == nullptr || charset_->plain() ? bytes : charset_->convert(bytes, scratch_);
  out.data = text.data();
  out.length = text.size();
}

void ValueReader::read_labels(std::string_view bytes, SourceValue& out) {
  const std::uint64_t v = little_endian(bytes);
  const LittleReader in(bytes, "row image");
  const auto& labels = type_.labels;
  if (form_ == Form::enumeration) {
    if (v > labels.size()) in.fail("an ENUM value that has no label");
    const std::string_view label = v == 0 ? std::string_view("") : std::string_view(labels[v - 1]);
    out.data = label.data();
    out.length = label.size();
    return;
  }
  scratch_.clear();
  if (labels.size() < 64 && v >> labels.size() != 0) in.fail("a SET value that has no label");
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if ((v >> i & 1) == 0) continue;
    if (!scratch_.empty()) scratch_ += ',';
    scratch_ += labels[i];
  }
  point_at_scratch(out);
}

// Zeros at the end are cut off in the image; the encoders read the text.
void ValueReader::read_address(std::string_view bytes, SourceValue& out) {
  const std::size_t size = form_ == Form::uuid ? kUuidBytes : form_ == Form::inet4 ? kInet4Bytes : kInet6Bytes;
  std::array<char, kUuidBytes> raw{};
  if (bytes.size() > size) LittleReader(bytes, "row image").fail("an address of too many bytes");
  std::copy(bytes.begin(), bytes.end(), raw.begin());
  scratch_.resize(INET6_ADDRSTRLEN);
  if (form_ == Form::uuid) {
    scratch_.clear();
    for (std::size_t i = 0; i < size; ++i) {
      constexpr char kHex[] = "0123456789abcdef";
      if (i == 4 || i == 6 || i == 8 || i == 10) scratch_ += '-';
      scratch_ += kHex[static_cast<unsigned char>(raw[i]) >> 4];
      scratch_ += kHex[raw[i] & 0x0F];
    }
  } else {
    inet_ntop(form_ == Form::inet4 ? AF_INET : AF_INET6, raw.data(), scratch_.data(), INET6_ADDRSTRLEN);
    scratch_.resize(std::strlen(scratch_.c_str()));
  }
  point_at_scratch(out);
}

}  // namespace dbsync
