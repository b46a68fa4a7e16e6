#include "verify/row_digest.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "schema/quote.h"
#include "schema/type_oid.h"

namespace dbsync {

namespace {

// Nested deeper, a table of a thousand columns would exceed the server's stack.
constexpr std::size_t kGroup = 24;

constexpr char kSeed[] = "7236841";  // any number

// Where a built-in type's own functions are faster than its binary form.
constexpr std::uint32_t kBool = 16;
constexpr std::uint32_t kBytea = 17;
constexpr std::uint32_t kUuid = 2950;

std::string hash_of_one(const std::string& value) {
  return fmt::format("pg_catalog.hash_array_extended(ARRAY[{}], 0)", value);
}

std::string hash_of_text(const std::string& value) {
  return fmt::format("pg_catalog.hashtextextended({} COLLATE \"C\", 0)", value);
}

// A bigint for a value that is not NULL.
std::string number_of(const std::string& name, const TargetColumn& column, const SendFunctions& functions) {
  switch (column.type_oid) {
    case kBool: return name + "::integer::bigint";
    case oid::oid: return name + "::bigint";
    case kBytea:
    case kUuid: return hash_of_one(name);
    default: break;
  }
  switch (column.type.kind) {
    case PgKind::int2:
    case PgKind::int4:
    case PgKind::int8: return name + "::bigint";
    case PgKind::text:
    case PgKind::varchar: return hash_of_text(name);
    case PgKind::bpchar: return fmt::format("pg_catalog.hashbpcharextended({} COLLATE \"C\", 0)", name);
    case PgKind::float4:
    case PgKind::float8:  // -0.0 is 0 for them
      return fmt::format("CASE WHEN {0} = 0 THEN {1} ELSE pg_catalog.hash{2}extended({0}, 0) END", name,
                         hash_of_text(name + "::text"), column.type.kind == PgKind::float4 ? "float4" : "float8");
    case PgKind::numeric:
      if (column.type.length < 0) break;  // shows its scale
      return fmt::format("pg_catalog.hash_numeric_extended({0}, CASE WHEN {0} < 0 THEN 1 ELSE 2 END)", name);
    case PgKind::date:  // there is no difference to infinity
      return fmt::format(
          "CASE WHEN pg_catalog.isfinite({0}) THEN ({0} - '2000-01-01'::pg_catalog.date)::bigint ELSE {1} END", name,
          hash_of_text(name + "::text"));
    default: break;
  }
  return hash_of_one(fmt::format("{}({})", functions.at(column.type_oid), name));
}

std::string chained(const std::string& before, std::size_t place, const std::string& number) {
  return fmt::format("pg_catalog.hashint4extended({}, {} # {})", place, before, number);
}

// The place of a NULL is negative: no value can look like it.
std::string with_column(const std::string& before, std::size_t place, const TargetColumn& column,
                        const SendFunctions& functions) {
  const std::string name = "r." + quote_identifier(column.name);
  const std::string number = number_of(name, column, functions);
  if (column.not_null) return chained(before, place, number);
  return fmt::format(
      "pg_catalog.hashint4extended(CASE WHEN {0} IS NULL THEN -{1} ELSE {1} END, {2} # coalesce({3}, 0))", name, place,
      before, number);
}

}  // namespace

SendFunctions send_functions(PgConnection& connection, const ComparedColumns& compared) {
  std::vector<std::string> oids;
  for (const TargetColumn& column : compared.columns) oids.push_back(std::to_string(column.type_oid));
  const PgResult result = connection.exec(
      "SELECT t.oid, n.nspname, p.proname FROM pg_catalog.pg_type t JOIN pg_catalog.pg_proc p ON p.oid = t.typsend "
      "JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE t.oid = ANY ($1::oid[])",
      {array_text(oids)});
  SendFunctions out;
  for (int row = 0; row < result.rows(); ++row)
    out.emplace(static_cast<std::uint32_t>(result.integer(row, 0)),
                quote_name({result.text(row, 1), result.text(row, 2)}));
  return out;
}

std::string digest_sql(const ComparedColumns& compared, const SendFunctions& functions) {
  std::string row = kSeed;
  for (std::size_t begin = 0; begin < compared.columns.size(); begin += kGroup) {
    std::string group = kSeed;
    for (std::size_t i = begin; i < std::min(begin + kGroup, compared.columns.size()); ++i)
      group = with_column(group, i + 1, compared.columns[i], functions);
    row = chained(row, begin, group);
  }
  return fmt::format("pg_catalog.count(*), coalesce(pg_catalog.sum({}) % 18446744073709551616, 0)", row);
}

void RowDigest::add(const PgResult& result) {
  rows += static_cast<std::uint64_t>(result.integer(0, 0));
  std::string_view text = result.value(0, 1);
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size())
    throw Error(ErrorKind::internal, fmt::format("{} is no sum of row digests", text));
  sum += negative ? 0 - number : number;
}

}  // namespace dbsync
