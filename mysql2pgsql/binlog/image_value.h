// Values of row images, made what the encoders of the copy read.
//
// What an image column holds is decided once, from the TABLE_MAP and the catalog, into
// a ValueReader; then every value is one call without an allocation, except where it
// has to be converted, into memory that is used again.
//
// Numbers, bytes and text of UTF-8 are pointed at where they lie; DECIMAL, the
// temporals, the character sets and MySQL's JSON are written anew.
//
// Source: MySQL source, sql/log_event.cc (log_event_print_value), mysys/my_time.cc,
// strings/decimal.cc (bin2decimal); MariaDB source, sql/compat56.cc, sql/field.cc.
// Errors: DecodeError; ErrorKind::source where TABLE_MAP and catalog disagree.
// Threads: a reader belongs to one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "mysql2pgsql/binlog/charset_table.h"
#include "mysql2pgsql/binlog/little_reader.h"
#include "mysql2pgsql/binlog/table_map.h"
#include "mysql2pgsql/row/mysql_type.h"
#include "mysql2pgsql/row/source_value.h"

namespace dbsync {

class ValueReader {
 public:
  // `type`: of the catalog. `charset`: null for columns that are no text.
  // Errors: ErrorKind::source when the image cannot be of such a column.
  ValueReader(const ImageColumn& image, const MysqlType& type, std::shared_ptr<const CharsetTable> charset);

  // How SourceValue::data is laid out.
  Wire wire() const { return wire_; }

  // Reads one value that is not NULL. It is valid until the next one is read with this
  // reader, or the image goes.
  void read(LittleReader& in, SourceValue& out);
  // Moves behind a value.
  void skip(LittleReader& in) const { take(in); }

 private:
  enum class Form : std::uint8_t {
    plain,  // as in the protocol, of fixed size
    int24,
    year,
    decimal,
    date,
    time2,
    datetime2,
    timestamp2,
    time_old,
    datetime_old,
    timestamp_old,  // whole seconds
    time_hires,
    datetime_hires,
    timestamp_hires,  // MariaDB's older form with digits
    enumeration,
    set,
    bytes,   // with a length before it
    padded,  // the same, with the zeros at its end cut off
    text,
    json,
    compressed,
    uuid,
    inet4,
    inet6,
  };

  void choose(const ImageColumn& image);
  void choose_temporal(ImageType type, std::uint16_t meta);
  void choose_string(std::uint16_t meta);
  [[noreturn]] void unlike(const ImageColumn& image) const;
  std::string_view take(LittleReader& in) const;
  void read_temporal(std::string_view bytes);
  void read_text(std::string_view bytes, SourceValue& out);
  void read_labels(std::string_view bytes, SourceValue& out);
  void read_address(std::string_view bytes, SourceValue& out);
  void point_at_scratch(SourceValue& out) const;

  MysqlType type_;
  std::shared_ptr<const CharsetTable> charset_;
  Form form_ = Form::plain;
  Wire wire_ = Wire::bytes;
  std::uint8_t length_bytes_ = 0;  // in front of the value; 0 = of fixed size
  std::uint32_t size_ = 0;         // of fixed size, or what it is padded to
  std::uint8_t digits_ = 0;        // of fractional seconds; scale of a decimal
  std::uint8_t precision_ = 0;
  Temporal temporal_;
  std::uint64_t number_ = 0;
  std::string scratch_;
  std::string inflated_;
};

}  // namespace dbsync
