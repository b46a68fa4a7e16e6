#include "pgsql2pgsql/schema/lacking.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "schema/quote.h"

namespace dbsync {

namespace {

// Since which PostgreSQL there is what not all targets have: 8 is 8.3, 9 is 9.4 here. Of
// what came in between, the next one.
struct Since {
  std::string_view name;
  int version;
};

constexpr std::array kTypes{Since{"jsonb", 9},           Since{"pg_lsn", 9},          Since{"int4range", 9},
                            Since{"int8range", 9},       Since{"numrange", 9},        Since{"tsrange", 9},
                            Since{"tstzrange", 9},       Since{"daterange", 9},       Since{"regnamespace", 10},
                            Since{"regrole", 10},        Since{"macaddr8", 10},       Since{"jsonpath", 12},
                            Since{"xid8", 13},           Since{"pg_snapshot", 13},    Since{"regcollation", 13},
                            Since{"int4multirange", 14}, Since{"int8multirange", 14}, Since{"nummultirange", 14},
                            Since{"tsmultirange", 14},   Since{"tstzmultirange", 14}, Since{"datemultirange", 14}};

constexpr std::array kFunctions{Since{"gen_random_uuid(", 13}, Since{"uuidv4(", 18}, Since{"uuidv7(", 18},
                                Since{"make_date(", 9}, Since{"clock_timestamp(", 8}};

constexpr int kSignedScaleSince = 15;

// 'a text'::some.type, of a type that became text: the text alone.
std::string literal_of(const std::string& expression) {
  if (!expression.starts_with('\'')) return {};
  std::size_t end = 1;
  for (; end < expression.size(); ++end) {
    if (expression[end] != '\'') continue;
    if (end + 1 == expression.size() || expression[end + 1] != '\'') break;
    ++end;
  }
  const std::string_view rest = std::string_view(expression).substr(std::min(end + 1, expression.size()));
  const bool only_cast = rest.starts_with("::") && rest.find_first_of("'()|+ ") == std::string_view::npos;
  return rest.empty() || only_cast ? expression.substr(0, end + 1) : std::string();
}

void make_text(Column& column) {
  column.type = PgType{};
  column.generated_sql.clear();
}

}  // namespace

void add_note(Column& column, std::string_view note) {
  column.note += (column.note.empty() ? "" : "; ") + std::string(note);
}

bool Lacking::has_type(const std::string& type) const {
  return target_ != nullptr &&
         !target_->exec(fmt::format("SELECT pg_catalog.to_regtype({})", quote_literal(type))).is_null(0, 0);
}

// Parsed there, and not run.
bool Lacking::can_compute(const std::string& expression) const {
  const PgTransaction transaction(*target_);  // rolls back
  try {
    target_->exec("PREPARE dbsync_default AS SELECT " + expression);
    target_->exec("DEALLOCATE dbsync_default");
    return true;
  } catch (const Error& error) {
    if (error.connection_lost()) throw;
    return false;
  }
}

void Lacking::fit_users_type(Column& column, std::string_view what, const std::string& extension) const {
  if (has_type(column.type.name)) return;
  add_note(column,
           fmt::format("was {}{}", what,
                       extension.empty() ? std::string()
                                         : fmt::format(" of the extension {}, which the target has not", extension)));
  make_text(column);
}

void Lacking::fit_type(Column& column) const {
  PgType& type = column.type;
  if (type.kind == PgKind::numeric && type.length >= 0 && (type.scale < 0 || type.scale > type.length) &&
      dialect_.base < kSignedScaleSince) {
    add_note(column, fmt::format("was {}", type_sql(type)));
    type.length = -1;
    return;
  }
  std::string name = type_sql(type);
  if (name.ends_with("[]")) name.resize(name.size() - 2);
  const auto* const found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const Since& known) { return known.name == name; });
  if (found == kTypes.end() || found->version <= dialect_.base) return;
  add_note(column, fmt::format("was {}, which {} has not", type_sql(type), dialect_name(dialect_)));
  make_text(column);
}

void Lacking::fit_default(Column& column, bool needs_users) const {
  std::string& expression = column.default_sql;
  if (expression.empty()) return;
  if (needs_users && column.type.kind == PgKind::text)
    if (const std::string literal = literal_of(expression); !literal.empty()) {
      expression = literal;
      return;
    }
  const bool names_something = expression.find('(') != std::string::npos || expression.find("::") != std::string::npos;
  const bool known_to_lack = std::any_of(kFunctions.begin(), kFunctions.end(), [&](const Since& function) {
    return function.version > dialect_.base && expression.find(function.name) != std::string::npos;
  });
  if (target_ != nullptr ? can_compute(expression) : !(needs_users && names_something) && !known_to_lack) return;
  add_note(column, fmt::format("had the default {}, which the target cannot compute", expression));
  expression.clear();
}

void Lacking::fit_identity(Column& column) const {
  if (dialect_.identity_columns || !column.identity) return;
  if (column.identity_always) add_note(column, "was GENERATED ALWAYS");
  if (!column.identity_options_sql.empty())
    add_note(column, fmt::format("its sequence had {}", column.identity_options_sql));
  column.identity_always = false;
  column.identity_options_sql.clear();
}

}  // namespace dbsync
