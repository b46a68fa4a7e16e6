// What the files that translate functions and casts share.
//
// Errors: Untranslatable. Pure.
#pragma once

#include <string>
#include <vector>

#include "mysql2pgsql/expression/expression_value.h"

namespace dbsync {

using Arguments = std::vector<ExprValue>;

ExprValue integer_call(std::string sql, bool nullable, const NumberRange& range, int digits = 10);

// An integer or decimal; refuses floats, of which the last digits would differ.
ExprValue exact_number(const ExprValue& value);

ExprValue date_of(const std::string& name, Arguments& arguments, ExprUse use);

// In expression_json.cpp.
ExprValue json_extract(const std::string& name, Arguments& arguments, ExprUse use);
ExprValue json_unquote(const std::string& name, Arguments& arguments, ExprUse use);
ExprValue json_value(const std::string& name, Arguments& arguments, ExprUse use);

}  // namespace dbsync
