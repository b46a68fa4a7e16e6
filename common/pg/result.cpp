#include "pg/result.h"

#include <charconv>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "base/error.h"

namespace dbsync {

PgResult::PgResult(pg_result* result) : result_(result) {}
void PgResult::Clear::operator()(pg_result* result) const { PQclear(result); }
int PgResult::rows() const { return PQntuples(result_.get()); }
int PgResult::columns() const { return PQnfields(result_.get()); }
bool PgResult::is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
std::string_view PgResult::value(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::int64_t PgResult::integer(int row, int column) const {
  const std::string_view text = value(row, column);
  std::int64_t out = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (ec != std::errc() || end != text.data() + text.size())
    throw Error(ErrorKind::internal, fmt::format("a number was expected from the server, not \"{}\"", text));
  return out;
}

std::string PgResult::column_name(int column) const { return PQfname(result_.get(), column); }
std::uint32_t PgResult::column_type(int column) const { return PQftype(result_.get(), column); }

int PgResult::column_modifier(int column) const { return PQfmod(result_.get(), column); }

std::uint64_t PgResult::affected_rows() const {
  const std::string_view text = PQcmdTuples(result_.get());
  std::uint64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace dbsync
