#include "mysql2pgsql/binlog/row_tuple.h"

#include <algorithm>

#include "format/copy_binary.h"
#include "format/copy_text.h"
#include "mysql2pgsql/binlog/json_diff.h"

namespace dbsync {

namespace {

constexpr char kNull = 'n', kUnchanged = 'u', kText = 't', kBinary = 'b';

Error altered(const FollowedTable& table, const std::string& why) {
  return Error(ErrorKind::source, fmt::format("the rows of {}.{} in the binlog do not fit the table's definition: {}",
                                              table.db, table.name, why))
      .hint(
          "the table was altered on the source since then, or the binlog is of another server: alter the target in the "
          "same way "
          "and go on with --accept-schema, or copy the table anew");
}

// What COPY in text form writes becomes the plain text that tuples hold.
void plain_text(CopyBuffer& out, std::size_t mark) {
  const std::string_view field(out.at(mark), out.mark() - mark);
  if (field.find('\\') == std::string_view::npos) return;
  const std::string plain = copy_text::unescape(field);
  out.truncate(mark);
  out.put_bytes(plain);
}

}  // namespace

void put_field(CopyBuffer& out, ColumnPlan& plan, CopyFormat format, const SourceValue& value) {
  constexpr std::string_view kNullLength = "\xFF\xFF\xFF\xFF";
  const std::size_t mark = out.mark();
  out.put_byte(format == CopyFormat::binary ? kBinary : kText);
  const std::size_t field = format == CopyFormat::binary ? out.mark() : copy_binary::begin_field(out);
  const std::size_t data = out.mark();
  plan.encode(plan, value, out);
  const std::string_view written(out.at(data), out.mark() - data);
  if (written == (format == CopyFormat::binary ? kNullLength : copy_text::kNull)) {
    out.truncate(mark);  // a policy made it NULL
    out.put_byte(kNull);
    return;
  }
  if (format == CopyFormat::binary) return;
  plain_text(out, data);
  copy_binary::end_field(out, field);
}

RowTuples::RowTuples(FollowedTable& table, const TableMap& map, const CharsetSource& charsets) : table_(table) {
  if (map.columns.size() != table.columns.size())
    throw altered(table,
                  fmt::format("they have {} columns, the table has {}", map.columns.size(), table.columns.size()));
  readers_.reserve(map.columns.size());
  for (std::size_t i = 0; i < map.columns.size(); ++i) {
    const FollowedColumn& column = table.columns[i];
    if (map.columns[i].type == ImageType::json) json_columns_.push_back(i);
    try {
      std::shared_ptr<const CharsetTable> charset;
      // Labels of ENUM and SET are the catalog's.
      if (is_converted(column.source.type.kind) && column.place >= 0)
        charset = charsets(charset_of(column.source.type.collation));
      readers_.emplace_back(map.columns[i], column.source.type, std::move(charset));
    } catch (const Error& error) {
      if (error.connection_lost()) throw;
      throw altered(table, fmt::format("column {}: {}", column.source.name, error.message()));
    }
    if (column.place >= 0 && readers_.back().wire() != table.plans[static_cast<std::size_t>(column.place)].wire)
      throw Error(ErrorKind::internal, fmt::format("column {} of {} is read in another form than it is written",
                                                   column.source.name, table.name));
  }
}

void RowTuples::absent(const FollowedColumn& column, Role role, CopyBuffer& out) const {
  if (role != Role::inserted) {
    out.put_byte(kUnchanged);
    return;
  }
  const std::string& fill = table_.fills[static_cast<std::size_t>(column.place)];
  if (fill.empty())
    throw Error(ErrorKind::source, fmt::format("an INSERT into {}.{} does not tell the value of column {}", table_.db,
                                               table_.name, column.source.name))
        .hint("set binlog_row_image = FULL on the source, and copy the table anew");
  out.put_bytes(fill);
}

void RowTuples::present(std::size_t i, LittleReader& in, CopyBuffer& out) {
  const FollowedColumn& column = table_.columns[i];
  last_ = i;
  if (column.place < 0) return readers_[i].skip(in);
  if (std::size_t json = 0; !changed_json_.bytes.empty() && is_changed(i, json))
    return present_changed(i, json, in, out);
  readers_[i].read(in, value_);
  put_field(out, table_.plans[static_cast<std::size_t>(column.place)], table_.format, value_);
}

void RowTuples::read(LittleReader& in, const ColumnSet& set, Role role, CopyBuffer& out) {
  const std::size_t start = out.mark();
  const std::size_t width = table_.relation->columns.size();
  copy_binary::begin_row(out, width);
  std::size_t sent = 0;
  for (std::size_t i = 0; i < readers_.size(); ++i)
    if (set.has(i)) ++sent;
  const ColumnSet nulls{in.bytes((sent + 7) / 8)};
  sent = 0;
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    const FollowedColumn& column = table_.columns[i];
    if (!set.has(i)) {
      if (column.place >= 0) absent(column, role, out);
      continue;
    }
    if (!nulls.has(sent++))
      present(i, in, out);
    else if (column.place >= 0)
      out.put_byte(kNull);
  }
  changed_json_ = {};
  out.put_bytes(table_.origin_field);
  if (out.mark() - start > kMaxRowBytes)
    throw Error(ErrorKind::data,
                fmt::format("a row has {} bytes, more than PostgreSQL can take in one row", out.mark() - start))
        .hint("a row must stay below 1 GiB; leave out the large columns with [exclude_columns]");
}

ColumnSet RowTuples::changed_json(LittleReader& in) const {
  constexpr std::uint64_t kChangesOfJson = 1;
  const std::uint64_t options = in.lenenc();
  if (options > kChangesOfJson) in.fail("unknown options of an image");
  return options == 0 ? ColumnSet{} : ColumnSet{in.bytes((json_columns_.size() + 7) / 8)};
}

void RowTuples::begin_changes(LittleReader& in, LittleReader before, const ColumnSet& before_set) {
  changed_json_ = changed_json(in);
  if (!changed_json_.bytes.empty()) read_raw(before, before_set, json_columns_, old_json_);
}

bool RowTuples::is_changed(std::size_t column, std::size_t& json) const {
  const auto found = std::find(json_columns_.begin(), json_columns_.end(), column);
  json = static_cast<std::size_t>(found - json_columns_.begin());
  return found != json_columns_.end() && changed_json_.has(json);
}

void RowTuples::present_changed(std::size_t i, std::size_t json, LittleReader& in, CopyBuffer& out) {
  constexpr std::size_t kLengthBytes = 4;
  const FollowedColumn& column = table_.columns[i];
  const std::string_view changes = in.bytes(in.le(kLengthBytes));
  if (changes.empty()) return absent(column, Role::after, out);
  const RawValue& old = old_json_.at(json);
  if (old.state != RawValue::State::present)
    throw Error(ErrorKind::source,
                fmt::format("an UPDATE of {}.{} tells only what has changed in the JSON value of column {}, "
                            "and not what it was",
                            table_.db, table_.name, column.source.name))
        .hint(
            "set binlog_row_image = FULL or binlog_row_value_options = '' on the source, globally and for all "
            "sessions, "
            "and copy the table anew");
  LittleReader value(old.bytes, "row image");
  json_text_changed(value.bytes(value.le(kLengthBytes)), changes, json_);
  value_ = {json_.data(), json_.size(), false};
  put_field(out, table_.plans[static_cast<std::size_t>(column.place)], table_.format, value_);
}

void RowTuples::read_raw(LittleReader& in, const ColumnSet& set, const std::vector<std::size_t>& columns,
                         std::vector<RawValue>& out) const {
  std::size_t sent = 0;
  for (std::size_t i = 0; i < readers_.size(); ++i)
    if (set.has(i)) ++sent;
  const ColumnSet nulls{in.bytes((sent + 7) / 8)};
  out.assign(columns.size(), {});
  sent = 0;
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    if (!set.has(i)) continue;
    RawValue value{RawValue::State::null, {}};
    if (!nulls.has(sent++)) {
      LittleReader ahead = in;
      const std::string_view rest = ahead.rest();
      readers_[i].skip(in);
      value = {RawValue::State::present, rest.substr(0, rest.size() - in.remaining())};
    }
    const auto place = std::find(columns.begin(), columns.end(), i);
    if (place != columns.end()) out[static_cast<std::size_t>(place - columns.begin())] = value;
  }
}

OldImage RowTuples::old_image(const ColumnSet& set) const {
  bool whole = true;
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    const FollowedColumn& column = table_.columns[i];
    if (column.place < 0 || set.has(i)) continue;
    whole = false;
    const bool needed = table_.key.empty() || std::find(table_.key.begin(), table_.key.end(),
                                                        static_cast<std::size_t>(column.place)) != table_.key.end();
    if (needed)
      throw Error(ErrorKind::source,
                  fmt::format("the old rows of {}.{} in the binlog lack column {}, which finds them on the target",
                              table_.db, table_.name, column.source.name))
          .hint("set binlog_row_image = FULL on the source, and copy the table anew");
  }
  return whole ? OldImage::full : OldImage::key;
}

}  // namespace dbsync
