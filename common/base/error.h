// The one exception type of both programs.
//
// An Error carries properties instead of a class hierarchy: what kind of thing
// went wrong (this decides the exit status), the server's code, whether a retry
// can help, and lines of context that each layer adds on the way up
// (connection, statement, task, job). Passwords are masked in all of its texts (base/secrets.h).
//
// Ownership: a plain value. Threads: no shared state.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace dbsync {

enum class ErrorKind { usage, config, source, target, data, internal, interrupted };

// Process exit status for a kind of error; documented in README.md.
int exit_code(ErrorKind kind);

// "source", "target", …: the word used in messages and in the report.
std::string_view kind_name(ErrorKind kind);

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message);

  // Each adds one property and returns *this, so that a throw expression reads
  // as one sentence: throw Error(kind, "…").hint("…").
  Error& hint(std::string text);
  Error& general_hint(std::string text);               // of the server or its code alone: who knows more replaces it
  Error& sqlstate(std::string code);                   // five characters, PostgreSQL or MySQL
  Error& native_code(unsigned code);                   // MySQL errno; 0: none
  Error& column(std::string name);                     // the column whose value is at fault
  Error& statement(std::string sql);                   // cut to a readable length
  Error& context(std::string line);                    // innermost first
  Error& recast(ErrorKind kind, std::string message);  // all else stays
  Error& mark_retryable();
  Error& mark_connection_lost();  // implies retryable

  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }
  bool hint_is_general() const { return hint_is_general_; }
  const std::string& sqlstate() const { return sqlstate_; }
  unsigned native_code() const { return native_code_; }
  const std::string& column() const { return column_; }
  const std::string& statement() const { return statement_; }
  const std::vector<std::string>& context() const { return context_; }
  bool retryable() const { return retryable_; }
  bool connection_lost() const { return connection_lost_; }

  // Everything but the hint on one line: context (outermost first), message,
  // codes, statement.
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  void compose();

  ErrorKind kind_;
  std::string message_;
  std::string hint_;
  std::string sqlstate_;
  std::string statement_;
  std::string column_;
  std::vector<std::string> context_;
  std::string text_;
  unsigned native_code_ = 0;
  bool hint_is_general_ = false;
  bool retryable_ = false;
  bool connection_lost_ = false;
};

}  // namespace dbsync
