// JSON functions over a json column and a literal path.
#include <string>

#include "mysql2pgsql/expression/expression_functions.h"
#include "mysql2pgsql/expression/expression_lexer.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

// $.a.b as {a,b}. Plain keys only: MySQL takes [0] of a scalar for the scalar
// and PostgreSQL does not, and PostgreSQL takes the key "0" for an array's index.
std::string json_path(const ExprValue& path) {
  if (path.type != ExprType::text || !path.is_literal || !path.literal.starts_with("$."))
    throw Untranslatable{"a JSON path of other than plain keys"};
  const std::string keys = path.literal.substr(2) + ".";
  std::string out;
  std::string key;
  for (const char c : keys) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (letter || (!key.empty() && c >= '0' && c <= '9')) {
      key += c;
      continue;
    }
    if (c != '.' || key.empty()) throw Untranslatable{"a JSON path of other than plain keys"};
    // Quoted: {null} would be no key.
    out += (out.empty() ? "\"" : ",\"") + key + "\"";
    key.clear();
  }
  return quote_literal("{" + out + "}");
}

ExprValue json_text(const ExprValue& json, std::string sql) {
  ExprValue out = json;
  out.type = ExprType::text;
  out.sql = std::move(sql);
  out.nullable = true;
  out.has_collation = true;
  out.case_insensitive = false;  // JSON strings are utf8mb4_bin
  out.pad_space = true;
  out.ends_in_blanks = true;
  out.utf8 = true;
  out.length = kAnyLength;
  return out;
}

}  // namespace

ExprValue json_extract(const std::string&, Arguments& arguments, ExprUse) {
  ExprValue out = arguments[0];
  if (out.type != ExprType::json || !out.json_path.empty())
    throw Untranslatable{"JSON_EXTRACT() of other than a json column"};
  out.json_path = json_path(arguments[1]);
  out.sql = "(" + out.json_column + " #> " + out.json_path + ")";
  out.nullable = true;
  return out;
}

// A JSON null is the text 'null' in MySQL and SQL's NULL to #>>. Numbers and
// objects print as they stand in the document, which is MySQL's own normalised
// form; MariaDB normalises only here, so a nested object would come out
// differently from its LONGTEXT.
ExprValue json_unquote(const std::string&, Arguments& arguments, ExprUse) {
  const ExprValue& json = arguments[0];
  if (json.type != ExprType::json || json.json_path.empty())
    throw Untranslatable{"JSON_UNQUOTE() of other than JSON_EXTRACT()"};
  if (!json.normalised_json) throw Untranslatable{"JSON_UNQUOTE() normalises objects in MariaDB"};
  return json_text(json, "COALESCE((" + json.json_column + " #>> " + json.json_path + "), CASE WHEN " + json.sql +
                             " IS NOT NULL THEN 'null' END)");
}

// MariaDB: a scalar as text, booleans as 1 and 0, everything else NULL.
ExprValue json_value(const std::string& name, Arguments& arguments, ExprUse use) {
  const ExprValue json = json_extract(name, arguments, use);
  if (json.normalised_json) throw Untranslatable{"JSON_VALUE() of MySQL"};
  const std::string text = "(" + json.json_column + " #>> " + json.json_path + ")";
  return json_text(json, "(CASE json_typeof" + json.sql + " WHEN 'string' THEN " + text + " WHEN 'number' THEN " +
                             text + " WHEN 'boolean' THEN CASE WHEN " + text + " = 'true' THEN '1' ELSE '0' END END)");
}

}  // namespace dbsync
