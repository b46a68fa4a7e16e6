#include "config/options.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "config/settings.h"

namespace dbsync {

namespace {

using config_detail::acts;
using config_detail::Exclusion;
using config_detail::exclusions;
using config_detail::has_option;
using config_detail::OptionOf;
using config_detail::program_name;
using config_detail::Setting;
using config_detail::settings;
using config_detail::Settings;
using config_detail::shown;
using config_detail::verb_is;

// Walks the arguments the way getopt_long does, without its global state and
// with errors of ours.
class ArgumentParser {
 public:
  ArgumentParser(Program program, int argc, const char* const* argv) : program_(program) {
    for (int i = 1; i < argc; ++i) arguments_.emplace_back(argv[i]);
  }

  Options parse();

 private:
  void parse_long(std::string_view argument);
  void parse_short(std::string_view flags);
  void store(const Setting& option, const std::string& shown, std::string_view value);
  std::string_view next_argument(const Setting& option, const std::string& shown);
  Error unknown(const std::string& shown, std::string_view long_name) const;
  Error usage_error(std::string message) const;
  bool asked(Verb verb) const { return option_of(verb) != nullptr; }
  void decide_verb();
  const Setting* option_of(Verb verb) const;
  Error exclude_each_other(const Setting& first, const Setting& second) const;
  Error goes_with(const Setting& option) const;
  void check_verbs() const;
  void check_option(const Setting& option) const;
  void check_combinations() const;

  Program program_;
  std::vector<std::string_view> arguments_;
  std::size_t next_ = 0;
  Settings values_;
  Options& options_ = values_.options;
  std::vector<const Setting*> given_;  // each once
};

Error ArgumentParser::usage_error(std::string message) const {
  return Error(ErrorKind::usage, std::move(message)).hint(fmt::format("see {} --help", program_name(program_)));
}

Error ArgumentParser::unknown(const std::string& shown, std::string_view long_name) const {
  Error error = usage_error(fmt::format("unknown option {}", shown));
  std::vector<std::string> known;
  for (const auto& option : settings()) {
    const bool same = long_name.empty() ? option.option.short_name == shown[1] : option.option.name == long_name;
    if (same)
      return error.hint(fmt::format("{} is an option of {} only", shown,
                                    option.programs == OptionOf::mysql_only ? "mysql2pgsql" : "pgsql2pgsql"));
    if (has_option(program_, option)) known.emplace_back(option.option.name);
  }
  const auto nearest = nearest_name(long_name, known);
  if (nearest.empty()) return error;
  return error.hint(fmt::format("did you mean --{}? {} --help lists all options", nearest, program_name(program_)));
}

std::string_view ArgumentParser::next_argument(const Setting& option, const std::string& shown) {
  if (next_ == arguments_.size())
    throw usage_error(fmt::format("option {} needs a value", shown))
        .hint(fmt::format("write {} {}", shown, option.option.argument));
  return arguments_[next_++];
}

void ArgumentParser::store(const Setting& option, const std::string& shown, std::string_view value) {
  if (std::find(given_.begin(), given_.end(), &option) == given_.end()) given_.push_back(&option);
  if (!option.store) return;
  const std::string complaint = option.store(values_, value);
  if (!complaint.empty()) throw usage_error(fmt::format("option {}: {}", shown, complaint));
}

void ArgumentParser::parse_long(std::string_view argument) {
  const auto equals = argument.find('=');
  const auto name = argument.substr(2, equals == std::string_view::npos ? equals : equals - 2);
  const std::string shown = fmt::format("--{}", name);
  for (const auto& option : settings()) {
    if (option.option.name != name || !has_option(program_, option)) continue;
    const bool attached = equals != std::string_view::npos;
    if (option.option.argument.empty()) {
      if (attached) throw usage_error(fmt::format("option {} takes no value", shown));
      return store(option, shown, {});
    }
    return store(option, shown, attached ? argument.substr(equals + 1) : next_argument(option, shown));
  }
  throw unknown(shown, name);
}

// `flags`: "dn" of -dn, "j8" of -j8.
void ArgumentParser::parse_short(std::string_view flags) {
  while (!flags.empty()) {
    // A byte of a longer character would not be readable alone.
    const bool ascii = static_cast<unsigned char>(flags.front()) < 0x80;
    const std::string shown = fmt::format("-{}", ascii ? flags.substr(0, 1) : flags);
    const Setting* found = nullptr;
    for (const auto& option : settings())
      if (option.option.short_name == flags.front() && has_option(program_, option)) found = &option;
    if (found == nullptr) throw unknown(shown, {});
    flags.remove_prefix(1);
    if (found->option.argument.empty()) {
      store(*found, shown, {});
    } else {
      return store(*found, shown, flags.empty() ? next_argument(*found, shown) : flags);
    }
  }
}

// The option that asked for the verb, or for the load that --check looks at.
const Setting* ArgumentParser::option_of(Verb verb) const {
  const auto found =
      std::find_if(given_.begin(), given_.end(), [&](const Setting* option) { return option->option.verb == verb; });
  return found == given_.end() ? nullptr : *found;
}

Error ArgumentParser::exclude_each_other(const Setting& first, const Setting& second) const {
  Error error = usage_error(fmt::format("{} and {} exclude each other", shown(first), shown(second)));
  if (!first.option.verb) return error.hint("leave out one of them");
  return error.hint(fmt::format("leave out one of them: {} {}", shown(first), verb_is(*first.option.verb)));
}

// One thing at a time, but for --check, which looks at a load.
void ArgumentParser::check_verbs() const {
  const Setting* verb = nullptr;
  const Setting* load = nullptr;
  for (const Setting* option : given_) {
    if (!option->option.verb) continue;
    const bool is_load = *option->option.verb == Verb::copy || *option->option.verb == Verb::copy_and_follow ||
                         *option->option.verb == Verb::follow;
    const Setting*& place = is_load ? load : verb;
    if (place != nullptr && place != option) throw exclude_each_other(*place, *option);
    place = option;
  }
  if (verb != nullptr && load != nullptr && *verb->option.verb != Verb::check) throw exclude_each_other(*verb, *load);
}

// "-n goes with -d only".
Error ArgumentParser::goes_with(const Setting& option) const {
  std::string verbs;
  for (const Setting& other : settings())
    if (other.option.verb && has_option(program_, other) && acts(option, *other.option.verb))
      verbs += (verbs.empty() ? "" : " or ") + shown(other);
  return usage_error(fmt::format("{} goes with {} only", shown(option), verbs))
      .hint(fmt::format("add {}, or leave out {}", verbs.find(' ') == std::string::npos ? verbs : "one of them",
                        shown(option)));
}

// An option that would change nothing is not taken silently.
void ArgumentParser::check_option(const Setting& option) const {
  const Verb verb = options_.verb;
  if (option.option.verb || acts(option, verb) || (verb == Verb::check && acts(option, options_.load))) return;
  const Setting* asked = option_of(verb);
  if (verb == Verb::check) asked = option_of(options_.load);
  throw asked != nullptr ? exclude_each_other(*asked, option) : goes_with(option);
}

void ArgumentParser::check_combinations() const {
  check_verbs();
  const auto given = [&](std::string_view name) -> const Setting* {
    for (const Setting* option : given_)
      if (option->option.name == name) return option;
    return nullptr;
  };
  for (const Exclusion& pair : exclusions())
    if (given(pair.first) != nullptr && given(pair.second) != nullptr)
      throw exclude_each_other(*given(pair.first), *given(pair.second))
          .hint(pair.first == "table-list" ? "-l names the tables itself: leave out one of them"
                                           : "leave out one of them");
  for (const Setting* option : given_) check_option(*option);
  const Setting* verify_report = given("verify-report");
  if (verify_report != nullptr && !options_.verify && options_.verb != Verb::verify)
    throw usage_error("--verify-report goes with --verify or --verify-only").hint("add one of them, or leave it out");
}

void ArgumentParser::decide_verb() {
  using enum Verb;
  // Files have an end.
  if (!options_.binlog_dir.empty() && options_.end_at.empty()) options_.end_at = "now";
  const bool asked_to_follow = asked(follow) || asked(copy_and_follow) || asked(resync) || !options_.end_at.empty();
  const bool copies_only = asked(copy) || (program_ == Program::mysql2pgsql && !asked_to_follow);
  options_.load = copies_only ? copy : asked(follow) ? follow : copy_and_follow;
  options_.verb = options_.load;
  for (const Verb verb : {resync, verify, check, ddl, cleanup, status})
    if (asked(verb)) options_.verb = verb;
}

Options ArgumentParser::parse() {
  bool options_ended = false;
  while (next_ < arguments_.size()) {
    const std::string_view argument = arguments_[next_++];
    if (!options_ended && argument == "--") {
      options_ended = true;
    } else if (!options_ended && argument.starts_with("--")) {
      parse_long(argument);
    } else if (!options_ended && argument.size() > 1 && argument.front() == '-') {
      parse_short(argument.substr(1));
    } else {
      throw usage_error(fmt::format("unexpected argument \"{}\"", argument))
          .hint(fmt::format("tables are named in a file given with -l; see {} --help", program_name(program_)));
    }
    // Whoever asks for help gets it, whatever else is wrong.
    if (options_.help || options_.version) return options_;
  }
  decide_verb();
  check_combinations();
  return options_;
}

}  // namespace

Options parse_options(Program program, int argc, const char* const* argv) {
  return ArgumentParser(program, argc, argv).parse();
}

}  // namespace dbsync
