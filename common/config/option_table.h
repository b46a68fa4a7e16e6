// The table of command-line options that parsing and --help share. Private to
// config/. Constant data, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/options.h"

namespace dbsync::config_detail {

enum class OptionGroup { what, how, messages };
enum class OptionOf { both, mysql_only, pgsql_only };

using VerbSet = std::uint32_t;  // a bit for each Verb

struct OptionSpec {
  char short_name = '\0';          // '\0': none
  std::string_view long_name;      // without --
  std::string_view argument = {};  // word for the value in --help; "" when it takes none
  OptionGroup group;
  OptionOf programs;
  // Stores the value ("" for a flag); returns what is wrong with it, "" when
  // nothing is. Null for options that choose the verb.
  std::string (*store)(Options& options, std::string_view value) = nullptr;
  std::optional<Verb> verb = {};  // that this option asks for
  VerbSet acts = 0;               // the verbs in which it changes something; with any other it is refused
  std::string_view help;          // lines separated by \n
};

const std::vector<OptionSpec>& option_table();

// Two options that cannot go together, by their long names.
struct Exclusion {
  std::string_view first;
  std::string_view second;
};
const std::vector<Exclusion>& exclusions();

// "only prints DDL": what a run with this verb does, behind the option's name.
std::string_view verb_is(Verb verb);
// As messages name it: -d, --create.
std::string shown(const OptionSpec& option);
bool acts(const OptionSpec& option, Verb verb);

inline bool has_option(Program program, const OptionSpec& option) {
  return option.programs == OptionOf::both ||
         (option.programs == OptionOf::mysql_only) == (program == Program::mysql2pgsql);
}

inline std::string_view program_name(Program program) {
  return program == Program::mysql2pgsql ? "mysql2pgsql" : "pgsql2pgsql";
}

}  // namespace dbsync::config_detail
