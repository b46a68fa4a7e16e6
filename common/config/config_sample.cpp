// The text of my.cfg.sample.
#include <fmt/format.h>

#include "config/config.h"
#include "config/settings.h"

namespace dbsync {

namespace {

using config_detail::config_sections;
using config_detail::KeyForm;
using config_detail::settings;

constexpr std::string_view kHeader =
    "# Configuration of mysql2pgsql and pgsql2pgsql: copy this file to my.cfg in the\n"
    "# directory in which the program runs, or name it with -c FILE. It holds\n"
    "# passwords, so only its owner should be able to read it (chmod 600 my.cfg).\n"
    "#\n"
    "# Values stand in double quotes; a double quote inside a value is written twice.\n"
    "# Each program reads its own source section and [desc.pgsql]; the other sections\n"
    "# may stay or go. Keys that start with # show an example or the default.\n";

std::string commented(std::string_view text) {
  std::string out = "# ";
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "# ";
  }
  return out + '\n';
}

std::string key_text(const KeyForm& key) {
  return commented(key.help) + fmt::format("{}{} = \"{}\"\n", key.active ? "" : "#", key.name, key.sample);
}

}  // namespace

std::string sample_config() {
  std::string out(kHeader);
  for (const auto& section : config_sections()) {
    out += fmt::format("\n\n# {}\n[{}]\n", section.help, section.name);
    if (!section.sample.empty()) out += '\n' + commented(section.sample);
    for (const auto& setting : settings())
      if (setting.key.section == section.name) out += '\n' + key_text(setting.key);
  }
  return out;
}

}  // namespace dbsync
