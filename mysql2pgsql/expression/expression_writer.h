// From the tree of an expression to PostgreSQL's SQL: operators here, functions
// in expression_functions.cpp.
//
// Errors: Untranslatable. Keeps references to its arguments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mysql2pgsql/expression/expression_parser.h"
#include "mysql2pgsql/expression/expression_value.h"

namespace dbsync {

class ExpressionWriter {
 public:
  ExpressionWriter(const std::vector<ExprColumn>& columns, ExprUse use) : columns_(columns), use_(use) {}

  ExprValue write(const Expr& expr) const;
  ExprUse use() const { return use_; }

  // nullptr: there is none of this name, in any case of its letters.
  const ExprColumn* find_column(std::string_view name) const;

 private:
  ExprValue dispatch(const Expr& expr) const;
  ExprValue column(const Expr& expr) const;
  ExprValue string(const Expr& expr) const;
  ExprValue temporal(const Expr& expr) const;
  ExprValue operation(const Expr& expr) const;
  ExprValue logical(const Expr& expr) const;
  ExprValue is_test(const Expr& expr) const;
  ExprValue comparison(const Expr& expr) const;
  ExprValue in_list(const Expr& expr) const;
  ExprValue case_expression(const Expr& expr) const;
  ExprValue collate(const Expr& expr) const;
  std::vector<ExprValue> write_all(const std::vector<Expr>& exprs) const;

  const std::vector<ExprColumn>& columns_;
  ExprUse use_;
};

// a = b and the like: boolean.
ExprValue compare(const std::string& op, const ExprValue& a, const ExprValue& b, ExprUse use);

// In expression_functions.cpp and expression_cast.cpp; the operands are written already.
ExprValue write_call(const std::string& name, std::vector<ExprValue>& arguments, ExprUse use);
ExprValue write_cast(const Expr& cast, ExprValue operand);

// In expression_arithmetic.cpp.
ExprValue write_number(const std::string& text);
ExprValue write_negative(const ExprValue& operand);
ExprValue write_arithmetic(const std::string& op, const ExprValue& a, const ExprValue& b);

}  // namespace dbsync
