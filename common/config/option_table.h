// The table of command-line options that parsing and --help share. Private to
// config/. Constant data, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/options.h"

namespace dbsync::config_detail {

enum class OptionGroup { what, how, messages };
enum class OptionOf { both, mysql_only, pgsql_only };

struct OptionSpec {
  char short_name;             // '\0': none
  std::string_view long_name;  // without --
  std::string_view argument;   // word for the value in --help; "" when it takes none
  OptionGroup group;
  OptionOf programs;
  // Stores the value ("" for a flag); returns what is wrong with it, "" when
  // nothing is. Null for options that choose the verb.
  std::string (*store)(Options& options, std::string_view value);
  std::string_view help;  // lines separated by \n
  std::optional<Verb> verb = {};  // that this option asks for
};

const std::vector<OptionSpec>& option_table();

inline bool has_option(Program program, const OptionSpec& option) {
  return option.programs == OptionOf::both ||
         (option.programs == OptionOf::mysql_only) == (program == Program::mysql2pgsql);
}

inline std::string_view program_name(Program program) {
  return program == Program::mysql2pgsql ? "mysql2pgsql" : "pgsql2pgsql";
}

}  // namespace dbsync::config_detail
