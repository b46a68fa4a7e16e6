// The translator of MySQL's expressions: any text gives SQL that is closed in
// itself, or a reason.
//
// Input: an expression over the columns i, d, t, b, ts, js, `a "b"`.
#include <array>
#include <vector>

#include "mysql2pgsql/expression/expression.h"
#include "mysql2pgsql/schema/type_map.h"
#include "tests/fuzz/sql_text.h"

namespace {

using dbsync::ExprColumn;
using dbsync::ExprTarget;
using dbsync::PgKind;
using dbsync::TranslationResult;
using dbsync::ValueUse;
using dbsync::fuzz::check;

ExprColumn column(const char* name, const char* data_type, const char* column_type) {
  auto type = dbsync::parse_mysql_type(data_type, column_type);
  type.collation = "utf8mb4_general_ci";
  const auto target = dbsync::map_type(type, dbsync::postgresql_dialect(16));
  auto out = dbsync::expression_column(name, name, type, target.value(), true);
  check(out.has_value(), "a column of the target");
  return *out;
}

const std::vector<ExprColumn>& columns() {
  static const std::vector<ExprColumn> out{
      column("i", "int", "int(11)"),    column("d", "decimal", "decimal(10,2)"), column("t", "varchar", "varchar(20)"),
      column("f", "double", "double"),  column("ts", "datetime", "datetime"),    column("js", "json", "json"),
      column("a \"b\"", "date", "date")};
  return out;
}

void check_result(const TranslationResult& result) {
  check(result.value.has_value() == result.reason.empty(), "a translation or a reason");
  if (!result.value) return;
  dbsync::fuzz::check_closed_sql(result.value->sql);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = dbsync::fuzz::text_of(data, size);
  check_result(dbsync::translate_expression(text, columns()));
  check_result(dbsync::translate_condition(text, columns()));
  // One kind of target an input keeps the runs short; the input's length decides.
  constexpr std::array kinds{PgKind::int4, PgKind::numeric,   PgKind::text,
                             PgKind::json, PgKind::timestamp, PgKind::boolean};
  const ExprTarget target{{kinds[size % kinds.size()]}};
  check_result(dbsync::translate_value(text, columns(), target, ValueUse::generated));
  check_result(dbsync::translate_value(text, {}, target, ValueUse::default_value));
  return 0;
}
