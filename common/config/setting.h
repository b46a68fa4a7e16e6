// One thing that a user can set: an option of the command line, a key of my.cfg, or
// both. The table of all of them (settings.h) drives the parsers, --help, and with it
// manual pages and completion, my.cfg.sample, and which options go together.
//
// Private to config/. Constant data, any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/options.h"

namespace dbsync::config_detail {

// Where values are kept while a command line or a file is read.
struct Settings {
  Options options;
  Config config;
};

// Keeps a value; returns what is wrong with it, "" when nothing is. Made by the
// builders of values.h.
using Store = std::function<std::string(Settings&, std::string_view value)>;

enum class OptionGroup { what, how, messages };
enum class OptionOf { both, mysql_only, pgsql_only };

using VerbSet = std::uint32_t;  // a bit for each Verb

constexpr VerbSet of(Verb verb) { return VerbSet{1} << static_cast<unsigned>(verb); }
constexpr VerbSet kCopies = of(Verb::copy) | of(Verb::copy_and_follow);
constexpr VerbSet kFills = kCopies | of(Verb::resync);
constexpr VerbSet kLoads = kFills | of(Verb::follow);
constexpr VerbSet kAlways = ~VerbSet{0};

struct OptionForm {
  char short_name = '\0';          // '\0': none
  std::string_view name = {};      // without --
  std::string_view argument = {};  // word for the value in --help; "" when it takes none
  OptionGroup group = OptionGroup::what;
  std::optional<Verb> verb = {};  // that this option asks for
  VerbSet acts = 0;               // the verbs in which it changes something; with any other it is refused
  std::string_view help = {};     // lines of 50 characters, separated by \n
};

struct KeyForm {
  std::string_view section = {};
  std::string_view name = {};
  std::string_view sample = {};  // the value in my.cfg.sample
  bool active = false;           // false: written there as a comment
  std::string_view help = {};    // lines of 78 characters, separated by \n
  // table.name sets it for one table, or those of a pattern; the lines are kept here.
  std::vector<IniEntry> Config::*per_table = nullptr;
};

struct Setting {
  OptionForm option = {};  // without a name: a key only
  KeyForm key = {};        // without a name: an option only
  OptionOf programs = OptionOf::both;
  Store store = {};  // null for options that choose the verb
};

inline bool has_option(Program program, const Setting& setting) {
  return !setting.option.name.empty() &&
         (setting.programs == OptionOf::both ||
          (setting.programs == OptionOf::mysql_only) == (program == Program::mysql2pgsql));
}

inline bool acts(const Setting& setting, Verb verb) { return (setting.option.acts & of(verb)) != 0; }

// As messages name it: -d, --create.
std::string shown(const Setting& setting);

}  // namespace dbsync::config_detail
