// The table of my.cfg keys that parsing, spelling suggestions and my.cfg.sample
// share. Private to config/. Constant data, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace dbsync::config_detail {

struct ConfigSection {
  std::string_view name;
  std::string_view help;
  // For sections whose keys are patterns or names: takes every entry.
  void (*store_rule)(Config& config, const IniEntry& entry) = nullptr;
  std::string_view sample = {};  // lines for my.cfg.sample, written as comments
};

struct ConfigKey {
  std::string_view section;
  std::string_view name;
  // Stores a value; returns what is wrong with it, "" when nothing is.
  std::string (*store)(Config& config, const std::string& value);
  std::string_view sample;  // the value in my.cfg.sample
  bool sample_active;       // false: written there as a comment
  std::string_view help;
  // The feature that is missing for this key, "" when it works. Such a key is
  // accepted with a warning in the programs that `concerns` lists, unless its
  // value is `harmless`.
  std::string_view pending = {};
  std::vector<Program> concerns = {};
  std::string_view harmless = {};
};

const std::vector<ConfigSection>& config_sections();
const std::vector<ConfigKey>& config_keys();

}  // namespace dbsync::config_detail
