#include "copy/violation.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "pg/sqlstate.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

bool is_date(const Column& column) {
  return column.type.kind == PgKind::date || column.type.kind == PgKind::timestamp ||
         column.type.kind == PgKind::timestamptz;
}

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The first column of the rule for which `condition` is true.
template <class Condition>
const Column* find_column(const DdlUnit& unit, const LoadedRows& rows, const Condition& condition) {
  for (const std::string& name : unit.columns) {
    const Column* column = rows.table->find_column(name);
    if (column != nullptr && condition(*column)) return column;
  }
  return nullptr;
}

std::string zero_date_hint(const Column& column, const Table& table, std::string_view state) {
  const std::string name = quote_identifier(column.name);
  if (state == sqlstate::not_null_violation)
    return fmt::format(
        "the NULLs of {0} are zero dates of the source, by zero_date = null of [values]: zero_date = \"-infinity\" "
        "keeps them apart from NULL, and the key; then --restart. Or set them here: UPDATE {1} SET {0} = … WHERE "
        "{0} IS NULL, then --resume",
        name, quote_name(table.name));
  if (state == sqlstate::unique_violation)
    return fmt::format(
        "different zero dates of {} (0000-00-00, 2020-00-00) are one -infinity here, by zero_date of [values]: mend "
        "them on the source, then --restart",
        name);
  return fmt::format(
      "zero dates of {} are NULL or -infinity here, by zero_date of [values], and the rule does not take that: the "
      "other of the two may pass, then --restart; or mend them on the source, or here, then --resume",
      name);
}

std::string text_policy_hint(const Column& column, std::string_view state) {
  const std::string name = quote_identifier(column.name);
  return fmt::format(
      "texts of {} were changed by invalid_utf8 or nul_byte of [values] (the summary counts them), {}: mend them on "
      "the source, then --restart; or take the column as bytea by a rule in [types]{}: DROP TABLE here, then --resume",
      name,
      state == sqlstate::unique_violation        ? "so that different ones are equal here"
      : state == sqlstate::foreign_key_violation ? "so that nothing is equal to them"
                                                 : "so that the rule does not take them any more",
      state == sqlstate::foreign_key_violation ? ", here and in the table that it refers to" : "");
}

// The column's own sentence about how its values are compared on the source, and the way
// to have that here.
std::string equality_remedy(const SourceEquality& equality) {
  std::string out = equality.without_case ? "make both columns citext, which ignores case (CREATE EXTENSION citext; "
                                            "ALTER TABLE … ALTER COLUMN … TYPE citext; a "
                                            "rule in [types] for the next time), then --resume"
                                          : "";
  if (equality.without_end_blanks || equality.without_accents || out.empty())
    out += fmt::format("{}{} must be made equal by hand", out.empty() ? "" : "; ",
                       equality.without_accents && equality.without_end_blanks ? "accents and blanks at the end"
                       : equality.without_accents                              ? "accents"
                                                                               : "blanks at the end");
  return out;
}

std::string collation_hint(const Column& column, const DdlUnit& unit, const LoadedRows& rows) {
  const std::int64_t all = rows.violations.value_or(0);
  const std::int64_t wrong = rows.true_violations.value_or(0);
  const std::string others =
      wrong > 0 ? fmt::format("; the other {} refer to nothing on the source either: mend them there or here", wrong)
                : "";
  return fmt::format(
      "{} of them are right on the source, which compares {} {}, where the target compares exactly: write the key's "
      "value as {} has it (UPDATE here, then --resume), or {}{}",
      all - wrong == all ? "all" : std::to_string(all - wrong), quote_identifier(column.name),
      column.source_equality.describe(), unit.refers_to ? unit.refers_to->display() : "the other table",
      equality_remedy(column.source_equality), others);
}

// "Key (a, e)=(1, ) is duplicated."
bool names_empty_value(std::string_view message) {
  const auto has = [&](std::string_view text) { return message.find(text) != std::string_view::npos; };
  return has("=()") || has("=(, ") || has(", , ") || has(", )");
}

std::string unique_hint(const DdlUnit& unit, const Error& error, const LoadedRows& rows) {
  if (const Column* column = find_column(unit, rows, [](const Column& c) { return c.two_empty_values; });
      column != nullptr && names_empty_value(error.message())) {
    return fmt::format(
        "two different values of {0} are '' here: the ENUM's label '', and its index 0, which the source stores for a "
        "value outside of the list (WHERE {0} = 0 finds it there): set one of them to another label on the source, "
        "then --restart; or go without the key",
        quote_identifier(column->name));
  }
  if (const Column* column = find_column(unit, rows, [](const Column& c) { return is_citext(c.type); }))
    return fmt::format(
        "{} is citext here, by a rule in [types], and compares without case; the source does not: take the rule away "
        "and DROP TABLE here, then --resume; or mend the rows on the source, then --restart",
        quote_identifier(column->name));
  if (const Column* column = find_column(unit, rows, [](const Column& c) { return c.type.kind == PgKind::boolean; }))
    return fmt::format(
        "{} is boolean here, by a rule in [types], so that all values but 0 are equal: take the rule away and DROP "
        "TABLE here, then --resume",
        quote_identifier(column->name));
  if (rows.several_sources)
    return "several tables or queries of the source feed this table, and their keys are unique in each of them only: "
           "[origin_column] "
           "adds a column that tells them apart, or [table_map] gives them different targets: DROP TABLE here, then "
           "--resume";
  if (rows.query)
    return "the query of the table list gives a key twice: mend the query, then --restart; or go without the key";
  return {};
}

}  // namespace

std::string violation_hint(const DdlUnit& unit, const Error& error, const LoadedRows& rows) {
  const std::string& state = error.sqlstate();
  if (rows.table != nullptr) {
    if (const Column* column = find_column(unit, rows, [&](const Column& c) { return holds(rows.changed, c.name); }))
      return is_date(*column) ? zero_date_hint(*column, *rows.table, state) : text_policy_hint(*column, state);
    if (state == sqlstate::foreign_key_violation && rows.violations && rows.true_violations &&
        *rows.true_violations < *rows.violations)
      if (const Column* column = find_column(unit, rows, [](const Column& c) { return !c.source_equality.exact(); }))
        return collation_hint(*column, unit, rows);
    if (state == sqlstate::unique_violation)
      if (std::string hint = unique_hint(unit, error, rows); !hint.empty()) return hint;
    if (state == sqlstate::check_violation)
      if (const Column* column = find_column(unit, rows, [](const Column& c) { return !c.source_equality.exact(); }))
        return fmt::format(
            "the source compares {} {}, the target exactly: the check may hold there and not here. It is in force for "
            "new rows; drop it, or write it anew with lower(…), or mend the rows, then --resume",
            quote_identifier(column->name), column->source_equality.describe());
  }
  if (!rows.one_moment)
    return "the rows are not of one moment (consistency = none, or a table without transactions): --restart while "
           "nothing is written "
           "to the source";
  if (state == sqlstate::foreign_key_violation)
    return "the rows were loaded as they are on the source, which lets such rows in while foreign_key_checks is off "
           "(or the table that "
           "it refers to was not loaded whole); mend them there or here, then --resume";
  if (state == sqlstate::check_violation)
    return "the rows were loaded as they are on the source, which lets such rows in while checks are off or not "
           "enforced; mend them "
           "there or here, then --resume";
  if (state == sqlstate::unique_violation)
    return "rows that differ on the source are equal here in the columns of this key: find them (GROUP BY … HAVING "
           "count(*) > 1), mend "
           "them, then --resume; or go without the key";
  return {};
}

}  // namespace dbsync
