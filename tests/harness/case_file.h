// A .case file: SQL, the run and the expected rows together. The format is
// described in tests/cases/README.md.
//
// Pure: text in, values out. Errors: CaseError naming file and line.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/harness/rows.h"

namespace dbsync::test {

class CaseError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A line of the file that an output must or must not contain.
struct OutputCheck {
  enum class Stream { out, err };
  Stream stream = Stream::out;
  bool wanted = true;
  std::string text;
  int line = 0;
};

// What happens in a case, in the file's order.
struct CaseStep {
  enum class Kind {
    source_sql,   // text
    target_sql,   // text
    config,       // text: lines added to my.cfg
    file,         // name, text
    run,          // words, exit_code, output
    load_stdout,  // the last run's stdout through psql
    check_rows,   // text on the target gives rows
    check_equal,  // text on the source gives what target_text gives on the target
  };
  Kind kind = Kind::source_sql;
  int line = 0;
  std::string text;
  std::string target_text;
  std::string name;
  std::vector<std::string> words;
  int exit_code = 0;
  std::vector<OutputCheck> output;
  Rows rows;
};

// A server that a case cannot do without.
struct CaseNeed {
  std::string server;        // mariadb, mysql or postgresql
  std::vector<int> version;  // may be empty
};

struct CaseFile {
  std::string path;
  std::string description;
  std::vector<CaseNeed> needs;
  bool both_formats = true;
  bool verify = true;      // runs that copy are compared afterwards
  bool pg_source = false;  // a case of pgsql2pgsql
  std::vector<CaseStep> steps;
};

CaseFile parse_case(std::string_view text, const std::string& path);

}  // namespace dbsync::test
