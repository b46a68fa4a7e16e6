#include "mysql2pgsql/row/row_encoder.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/utf8.h"
#include "format/copy_binary.h"
#include "format/copy_text.h"
#include "format/datetime.h"
#include "mysql2pgsql/row/encode_value.h"

namespace dbsync {

namespace {

bool is_timestamp(PgKind kind) { return kind == PgKind::timestamp || kind == PgKind::timestamptz; }

bool keeps_fraction(const MysqlType& source, const PgType& target) {
  return target.length < 0 || source.fraction <= target.length;
}

// The value as a reader of the file of set-aside rows wants it, valid or not.
ValueText value_text(const ColumnPlan& plan, const SourceValue& value) {
  if (plan.wire == Wire::temporal) {
    const auto t = load<Temporal>(value);
    char text[40];
    const char* end = plan.source.kind == MysqlKind::time
                          ? format_time(text, t.negative, t.hour, t.minute, t.second, t.microsecond)
                      : plan.source.kind == MysqlKind::date ? format_date(text, t.year, t.month, t.day)
                                                            : format_datetime(text, datetime_of(t));
    return {std::string(text, static_cast<std::size_t>(end - text))};
  }
  if (plan.wire == Wire::bytes && (is_character_kind(plan.source.kind) || plan.source.kind == MysqlKind::decimal))
    return {std::string(utf8_truncate(value.bytes(), kKeptBytes)), value.length};
  CopyBuffer out(64);
  if (plan.wire == Wire::bytes) {
    copy_text::put_bytea(out, value.bytes().substr(0, kKeptBytes));
    return {copy_text::unescape({out.bytes().data(), out.size()}), 2 + 2 * value.length};  // \\x and its digits
  }
  ColumnPlan text_plan = plan;
  text_encoder(plan.source, plan.wire, plan.target)(text_plan, value, out);
  return {copy_text::unescape({out.bytes().data(), out.size()})};
}

}  // namespace

std::optional<std::string> unsafe_pair(const MysqlType& source, const PgType& target) {
  const auto because = [&](std::string_view why) {
    return fmt::format("{} would be altered by the target type {}: {}", source.text, type_sql(target), why);
  };
  switch (source.kind) {
    case MysqlKind::decimal:
      if (target.kind == PgKind::numeric && target.length >= 0 && source.scale > target.scale)
        return because("digits after the point would be rounded away");
      if (target.kind == PgKind::float4 || target.kind == PgKind::float8)
        return because("decimals would become inexact");
      return std::nullopt;
    case MysqlKind::float8:
      if (target.kind == PgKind::float4) return because("half of the digits would be lost");
      return std::nullopt;
    case MysqlKind::datetime:
    case MysqlKind::timestamp:
      if (target.kind == PgKind::date || target.kind == PgKind::time)
        return because("a part of the value would be lost");
      if (is_timestamp(target.kind) && !keeps_fraction(source, target))
        return because("fractional seconds would be rounded");
      return std::nullopt;
    case MysqlKind::time:
      if ((target.kind == PgKind::interval || target.kind == PgKind::time) && !keeps_fraction(source, target))
        return because("fractional seconds would be rounded");
      return std::nullopt;
    case MysqlKind::bigint:
      if (target.kind == PgKind::float8 || target.kind == PgKind::float4)
        return because("large numbers would become inexact");
      return std::nullopt;
    default: return std::nullopt;
  }
}

namespace {

// All that one MySQL row holds beside its BLOBs and TEXTs is 64 KiB.
bool can_be_large(const ColumnPlan& plan) {
  constexpr std::int64_t kMostInRow = 65535;
  if (plan.wire != Wire::bytes) return false;
  switch (plan.source.kind) {
    case MysqlKind::decimal:
    case MysqlKind::enumeration:
    case MysqlKind::set:
    case MysqlKind::bit: return false;
    case MysqlKind::character:
    case MysqlKind::varchar:
    case MysqlKind::binary:
    case MysqlKind::varbinary: return plan.source.length < 0 || plan.source.length > kMostInRow;
    default: return true;
  }
}

}  // namespace

RowEncoder::RowEncoder(std::vector<ColumnPlan> columns, CopyFormat format, std::size_t longest_row)
    : columns_(std::move(columns)), format_(format), longest_row_(longest_row) {
  for (ColumnPlan& plan : columns_) {
    plan.encode = format_ == CopyFormat::binary ? binary_encoder(plan.source, plan.wire, plan.target)
                                                : text_encoder(plan.source, plan.wire, plan.target);
    if (plan.encode == nullptr)
      throw Error(ErrorKind::internal, fmt::format("no encoder for column {}: {} to {}", plan.name, plan.source.text,
                                                   type_sql(plan.target)));
    // Binary values double in text COPY.
    const std::size_t factor = format_ == CopyFormat::text && plan.target.kind == PgKind::bytea ? 2 : 1;
    if (can_be_large(plan)) large_.push_back({static_cast<std::size_t>(&plan - columns_.data()), factor});
  }
}

void RowEncoder::encode(const SourceValue* values, CopyBuffer& out) {
  const std::size_t mark = out.mark();
  try {
    check_values(values);
    if (format_ == CopyFormat::binary)
      encode_binary(values, out);
    else
      encode_text(values, out);
    // Escapes of text COPY can double a value: the server holds such a line whole.
    check_size(out.size() - mark);
  } catch (...) {
    out.truncate(mark);
    throw;
  }
  ++out.rows;
}

// Before memory is spent on a row that cannot be sent.
void RowEncoder::check_values(const SourceValue* values) const {
  std::size_t bytes = 0;
  for (const LargeColumn& column : large_)
    if (!values[column.index].is_null) bytes += column.factor * values[column.index].length;
  check_size(bytes);
}

void RowEncoder::check_size(std::size_t bytes) const {
  if (bytes <= longest_row_) return;
  throw Error(ErrorKind::data, fmt::format("the row has {} bytes, more than PostgreSQL can take in one row", bytes))
      .hint(
          "a row must stay below 1 GiB, in text COPY with bytea and escaped characters counted double; leave out or "
          "split the large columns with a table-list query");
}

void RowEncoder::encode_binary(const SourceValue* values, CopyBuffer& out) {
  copy_binary::begin_row(out, columns_.size());
  for (ColumnPlan& plan : columns_) {
    if (values->is_null)
      copy_binary::put_null(out);
    else
      plan.encode(plan, *values, out);
    ++values;
  }
}

void RowEncoder::encode_text(const SourceValue* values, CopyBuffer& out) {
  bool first = true;
  for (ColumnPlan& plan : columns_) {
    if (!first) out.put_byte('\t');
    first = false;
    if (values->is_null)
      out.put_bytes(copy_text::kNull);
    else
      plan.encode(plan, *values, out);
    ++values;
  }
  out.put_byte('\n');
}

RowText RowEncoder::row_text(const SourceValue* values) const {
  RowText out;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    auto& [name, text] = out.emplace_back(columns_[i].name, std::nullopt);
    if (!values[i].is_null) text = value_text(columns_[i], values[i]);
  }
  return out;
}

}  // namespace dbsync
