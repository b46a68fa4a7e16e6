#include "base/error.h"

#include <utility>

#include <fmt/format.h>

#include "base/secrets.h"

namespace dbsync {

namespace {
// Long enough to recognise a statement, short enough for one log line.
constexpr std::size_t kStatementShown = 300;
}  // namespace

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return 1;
    case ErrorKind::config: return 2;
    case ErrorKind::source: return 3;
    case ErrorKind::target: return 4;
    case ErrorKind::data: return 5;
    case ErrorKind::internal: return 70;
    case ErrorKind::interrupted: return 130;
  }
  return 70;
}

std::string_view kind_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return "usage";
    case ErrorKind::config: return "configuration";
    case ErrorKind::source: return "source";
    case ErrorKind::target: return "target";
    case ErrorKind::data: return "data";
    case ErrorKind::internal: return "internal";
    case ErrorKind::interrupted: return "interrupted";
  }
  return "internal";
}

Error::Error(ErrorKind kind, std::string message) : kind_(kind), message_(mask_secrets(std::move(message))) {
  compose();
}

Error& Error::hint(std::string text) {
  hint_ = mask_secrets(std::move(text));
  hint_is_general_ = false;
  return *this;
}

Error& Error::general_hint(std::string text) {
  hint_ = mask_secrets(std::move(text));
  hint_is_general_ = true;
  return *this;
}

Error& Error::sqlstate(std::string code) {
  sqlstate_ = std::move(code);
  compose();
  return *this;
}

Error& Error::native_code(unsigned code) {
  native_code_ = code;
  compose();
  return *this;
}

Error& Error::column(std::string name) {
  column_ = std::move(name);
  return *this;
}

Error& Error::statement(std::string sql) {
  sql = mask_secrets(std::move(sql));  // as a whole: a secret that is cut has no end
  for (char& c : sql)
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  if (sql.size() > kStatementShown) {
    std::size_t cut = kStatementShown;
    while (cut > 0 && (static_cast<unsigned char>(sql[cut]) & 0xC0U) == 0x80U) --cut;
    sql.resize(cut);
    sql += "...";
  }
  statement_ = std::move(sql);
  compose();
  return *this;
}

Error& Error::context(std::string line) {
  context_.push_back(mask_secrets(std::move(line)));
  compose();
  return *this;
}

Error& Error::recast(ErrorKind kind, std::string message) {
  kind_ = kind;
  message_ = std::move(message);
  compose();
  return *this;
}

Error& Error::mark_retryable() {
  retryable_ = true;
  return *this;
}

Error& Error::mark_connection_lost() {
  connection_lost_ = true;
  retryable_ = true;
  return *this;
}

void Error::compose() {
  text_.clear();
  for (auto it = context_.rbegin(); it != context_.rend(); ++it) text_ += *it + ": ";
  text_ += message_;
  if (!sqlstate_.empty() && native_code_ != 0)
    text_ += fmt::format(" [error {}, SQLSTATE {}]", native_code_, sqlstate_);
  else if (!sqlstate_.empty())
    text_ += fmt::format(" [SQLSTATE {}]", sqlstate_);
  else if (native_code_ != 0)
    text_ += fmt::format(" [error {}]", native_code_);
  if (!statement_.empty()) text_ += fmt::format(" (statement: {})", statement_);
}

}  // namespace dbsync
