// The table of settings, the sections of my.cfg, and which options go together.
//
// Private to config/. Constant data, any thread.
#pragma once

#include <string_view>
#include <vector>

#include "config/setting.h"

namespace dbsync::config_detail {

// In the order of --help and of my.cfg.sample.
const std::vector<Setting>& settings();
// Its two halves.
std::vector<Setting> option_settings();
std::vector<Setting> key_settings();

struct ConfigSection {
  std::string_view name;
  std::string_view help;
  // For sections whose keys are patterns or names: takes every entry.
  void (*store_rule)(Config& config, const IniEntry& entry) = nullptr;
  std::string_view sample = {};  // lines for my.cfg.sample, written as comments
};
const std::vector<ConfigSection>& config_sections();

// Two options that cannot go together, by their names.
struct Exclusion {
  std::string_view first;
  std::string_view second;
};
const std::vector<Exclusion>& exclusions();

// "only prints DDL": what a run with this verb does, behind the option's name.
std::string_view verb_is(Verb verb);

inline std::string_view program_name(Program program) {
  return program == Program::mysql2pgsql ? "mysql2pgsql" : "pgsql2pgsql";
}

}  // namespace dbsync::config_detail
