#include "mysql2pgsql/schema/partition_map.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/text.h"
#include "base/utf8.h"
#include "format/datetime.h"
#include "mysql2pgsql/schema/default_map.h"
#include "mysql2pgsql/schema/mysql_default.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

// How a partition expression reads its column.
enum class Function { none, year, to_days, unix_timestamp };

struct KeyPart {
  Function function = Function::none;
  std::size_t column = 0;  // index into the table's columns
  bool is_date = false;
};

std::optional<std::size_t> column_index(const MysqlTable& source, std::string_view text) {
  text = trim(text);
  if (text.size() > 1 && text.front() == '`' && text.back() == '`') text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < source.columns.size(); ++i)
    if (equal_ignore_case(source.columns[i].name, text)) return i;
  return std::nullopt;
}

std::optional<KeyPart> parse_key(const MysqlTable& source, std::string_view text) {
  text = trim(text);
  struct Known {
    std::string_view name;
    Function function;
  };
  constexpr Known known[] = {
      {"year(", Function::year}, {"to_days(", Function::to_days}, {"unix_timestamp(", Function::unix_timestamp}};
  const std::string lower = to_lower(text);
  for (const Known& candidate : known) {
    if (!lower.starts_with(candidate.name) || lower.back() != ')') continue;
    const auto column =
        column_index(source, text.substr(candidate.name.size(), text.size() - candidate.name.size() - 1));
    if (!column) return std::nullopt;
    return KeyPart{candidate.function, *column, true};
  }
  if (const auto column = column_index(source, text)) {
    const MysqlKind kind = source.columns[*column].type.kind;
    return KeyPart{Function::none, *column,
                   kind == MysqlKind::date || kind == MysqlKind::datetime || kind == MysqlKind::timestamp};
  }
  return std::nullopt;
}

// Splits at commas outside quotes and parentheses.
std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out(1);
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && quoted && i + 1 < text.size()) {
      out.back() += c;
      out.back() += text[++i];
      continue;
    }
    if (c == '\'') quoted = !quoted;
    if (!quoted && c == '(') ++depth;
    if (!quoted && c == ')') --depth;
    if (c == ',' && !quoted && depth == 0) {
      out.emplace_back();
      continue;
    }
    out.back() += c;
  }
  for (auto& part : out) part = std::string(trim(part));
  return out;
}

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  return ec == std::errc() && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

std::string date_literal(std::int64_t year, unsigned month, unsigned day) {
  if (year < 1) return fmt::format("'0001-{:02}-{:02} BC'", month, day);  // of the year 0
  return fmt::format("'{:04}-{:02}-{:02}'", year, month, day);
}

// MySQL's TO_DAYS counts from year 0; 2000-01-01 is day 730485. Its year 0 has no
// 29 February, so the days before that one have a smaller number here; none is
// before day 1.
std::string date_of_days(std::int64_t to_days) {
  constexpr std::int64_t days_of_2000 = 730485;
  constexpr std::int64_t first_of_march = 60;
  to_days = std::max<std::int64_t>(to_days, 1);
  if (to_days < first_of_march) --to_days;
  std::int64_t z = to_days - days_of_2000 + 10957 + 719468;  // days since 0000-03-01
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const auto doe = static_cast<unsigned>(z - era * 146097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  const unsigned day = doy - (153 * mp + 2) / 5 + 1;
  const unsigned month = mp < 10 ? mp + 3 : mp - 9;
  const std::int64_t year = static_cast<std::int64_t>(yoe) + era * 400 + (month <= 2 ? 1 : 0);
  return date_literal(year, month, day);
}

std::string timestamp_of_epoch(std::int64_t seconds) {
  const std::int64_t days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400;
  const std::int64_t rest = seconds - days * 86400;
  const std::string date = date_of_days(days + 719528);
  return fmt::format("{} {:02}:{:02}:{:02}+00'", date.substr(0, date.size() - 1), rest / 3600, rest / 60 % 60,
                     rest % 60);
}

// A string as partitions' values are shown: 'it''s', or _utf8mb4 0xF09F9A80 for what
// utf8mb3 cannot hold.
std::optional<std::string> text_value(std::string_view text) {
  constexpr std::string_view kIntroducer = "_utf8mb4 ";
  auto value =
      text.starts_with(kIntroducer) ? decode_mysql_hex(text.substr(kIntroducer.size())) : unquote_mysql_literal(text);
  return value && valid_text_prefix(*value) == value->size() ? std::move(value) : std::nullopt;
}

// One bound as SQL of the column's type; nothing when it cannot be read.
std::optional<std::string> bound_sql(const KeyPart& key, std::string_view text) {
  if (equal_ignore_case(text, "MAXVALUE")) return "MAXVALUE";
  if (equal_ignore_case(text, "NULL")) return "NULL";
  if (key.function == Function::none) {
    if (const auto literal = text_value(text)) {
      // Zero dates are no bounds; other spellings than y-m-d PostgreSQL reads by itself.
      if (!key.is_date || !literal->starts_with("0000-")) return quote_literal(*literal);
      const auto date = pg_date_text(*literal);
      return date ? std::optional(quote_literal(*date)) : std::nullopt;
    }
    if (text.find_first_not_of("0123456789", text.starts_with('-') ? 1 : 0) == std::string_view::npos)
      return std::string(text);
    return std::nullopt;
  }
  const auto value = integer(text);
  if (!value) return std::nullopt;
  if (key.function == Function::year) return date_literal(*value, 1, 1);
  return key.function == Function::to_days ? date_of_days(*value) : timestamp_of_epoch(*value);
}

std::optional<std::string> bounds_sql(const std::vector<KeyPart>& keys, const std::string& description) {
  const auto parts = split_list(description);
  if (parts.size() != keys.size()) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto bound = bound_sql(keys[i], parts[i]);
    if (!bound) return std::nullopt;
    out += (out.empty() ? "" : ", ") + *bound;
  }
  return out;
}

class Mapper {
 public:
  Mapper(const MysqlTable& source, const Table& table, const Dialect& dialect, NameSet& names)
      : source_(source), table_(table), dialect_(dialect), names_(names), from_(*source.partitioning) {}

  MappedPartitioning map() {
    MappedPartitioning out;
    const std::string reason = build();
    if (!reason.empty()) {
      out.notes.push_back(
          fmt::format("not partitioned: PARTITION BY {} ({}) {}", from_.method, from_.expression, reason));
      return out;
    }
    if (from_.subpartitioned) out.notes.push_back("the subpartitions were left out");
    out.value = std::move(result_);
    return out;
  }

 private:
  std::string build() {
    const bool range = from_.method.starts_with("RANGE");
    const bool list = from_.method.starts_with("LIST");
    const bool hash = from_.method == "HASH" || from_.method == "KEY";
    if (!range && !list && !hash) return "has no counterpart";
    if (!read_keys()) return "is not on plain columns";
    for (const KeyPart& key : keys_) result_.columns.push_back(table_.columns[key.column].name);
    for (const KeyPart& key : keys_)
      if (!table_.columns[key.column].generated_sql.empty())
        return fmt::format("is on {}, and no generated column can be a partition key", table_.columns[key.column].name);
    if (!key_is_in_primary_key()) return "is on columns outside of the primary key";
    if (hash) return build_hash();
    return range ? build_range() : build_list();
  }

  bool read_keys() {
    std::vector<std::string> parts;
    if (from_.method == "KEY" && trim(from_.expression).empty())
      parts = source_.primary_key;
    else
      parts = split_list(from_.expression);
    for (const auto& part : parts) {
      const auto key = parse_key(source_, part);
      if (!key) return false;
      keys_.push_back(*key);
    }
    return !keys_.empty();
  }

  bool key_is_in_primary_key() const {
    if (table_.primary_key.columns.empty()) return true;
    for (const auto& column : result_.columns) {
      bool found = false;
      for (const auto& key : table_.primary_key.columns) found = found || key == column;
      if (!found) return false;
    }
    return true;
  }

  void add(const std::string& name, std::string bounds, std::string classic, bool is_default = false) {
    // A classic partition is named within its table: the server puts the table's
    // name in front by itself.
    std::string unique = dialect_.declarative_partitions ? names_.claim(source_.name + "_" + name, table_.name.name)
                                                         : own_names_.claim(name);
    result_.partitions.push_back({std::move(unique), std::move(bounds), std::move(classic), is_default});
  }

  // Rows with a NULL key go into the lowest partition on the source; PostgreSQL
  // takes them in a default partition only.
  void add_default_if_nullable() {
    for (const KeyPart& key : keys_)
      if (table_.columns[key.column].nullable) {
        add("default", "DEFAULT", "", true);
        result_.partitions.back().for_nulls = true;
        return;
      }
  }

  // A number that only the source's BIGINT UNSIGNED holds, where the column became a
  // smaller type.
  bool exceeds_bigint(const std::string& description) const {
    const auto parts = split_list(description);
    for (std::size_t i = 0; i < std::min(parts.size(), keys_.size()); ++i) {
      const bool number = parts[i].find_first_not_of("-0123456789") == std::string::npos;
      if (number && !integer(parts[i]) && table_.columns[keys_[i].column].type.kind != PgKind::numeric) return true;
    }
    return false;
  }

  bool is_text(const KeyPart& key) const { return is_character_kind(source_.columns[key.column].type.kind); }

  std::string build_range() {
    result_.method = "RANGE";
    for (const KeyPart& key : keys_)
      if (is_text(key)) return "orders text by a collation of the source";
    std::string lower;
    for (std::size_t i = 0; i < keys_.size(); ++i) lower += i == 0 ? "MINVALUE" : ", MINVALUE";
    std::string classic_start;
    for (const MysqlPartition& partition : from_.partitions) {
      const auto upper = bounds_sql(keys_, partition.description);
      if (!upper || exceeds_bigint(partition.description))
        return fmt::format("has a bound that cannot be read: {}", partition.description);
      std::string classic;
      if (keys_.size() == 1) {
        if (!classic_start.empty()) classic = "START (" + classic_start + ") INCLUSIVE";
        if (*upper != "MAXVALUE") classic += (classic.empty() ? "" : " ") + ("END (" + *upper + ") EXCLUSIVE");
        classic_start = *upper;
      }
      add(partition.name, fmt::format("FOR VALUES FROM ({}) TO ({})", lower, *upper), classic);
      lower = *upper;
    }
    add_default_if_nullable();
    return {};
  }

  std::string build_list() {
    result_.method = "LIST";
    if (keys_.size() != 1) return "lists more than one column";
    if (keys_[0].function != Function::none) return "lists values of a function";
    for (const MysqlPartition& partition : from_.partitions) {
      if (equal_ignore_case(partition.description, "DEFAULT")) {  // MariaDB
        add(partition.name, "DEFAULT", "", true);
        continue;
      }
      std::string values;
      for (const auto& text : split_list(partition.description)) {
        const auto value = bound_sql(keys_[0], text);
        if (!value || exceeds_bigint(text)) return fmt::format("has a value that cannot be read: {}", text);
        values += (values.empty() ? "" : ", ") + *value;
      }
      add(partition.name, fmt::format("FOR VALUES IN ({})", values), fmt::format("VALUES ({})", values));
    }
    // Text that is equal under the source's collation may differ here.
    if (is_text(keys_[0])) add("default", "DEFAULT", "", true);
    return {};
  }

  std::string build_hash() {
    result_.method = "HASH";
    if (!dialect_.declarative_partitions) return "has no counterpart";
    const std::size_t count = from_.partitions.size();
    for (std::size_t i = 0; i < count; ++i)
      add(from_.partitions[i].name, fmt::format("FOR VALUES WITH (MODULUS {}, REMAINDER {})", count, i), {});
    return {};
  }

  const MysqlTable& source_;
  const Table& table_;
  const Dialect& dialect_;
  NameSet& names_;
  NameSet own_names_;
  const MysqlPartitioning& from_;
  std::vector<KeyPart> keys_;
  Partitioning result_;
};

}  // namespace

MappedPartitioning map_partitioning(const MysqlTable& source, const Table& table, const Dialect& dialect,
                                    NameSet& names) {
  if (!source.partitioning) return {};
  if (!dialect.declarative_partitions && !dialect.distributed)
    return {std::nullopt, {fmt::format("not partitioned: {} has no declarative partitions", dialect_name(dialect))}};
  return Mapper(source, table, dialect, names).map();
}

}  // namespace dbsync
