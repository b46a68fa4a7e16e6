#include "config/options.h"

#include <set>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "config/option_table.h"

namespace dbsync {

namespace {

using config_detail::has_option;
using config_detail::option_table;
using config_detail::OptionSpec;
using config_detail::program_name;

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
  void store(const OptionSpec& option, const std::string& shown, std::string_view value);
  std::string_view next_argument(const OptionSpec& option, const std::string& shown);
  Error unknown(const std::string& shown, std::string_view long_name) const;
  Error usage_error(std::string message) const;
  bool asked(Verb verb) const { return asked_.contains(verb); }
  void decide_verb();
  void check_combinations() const;
  void check_follow_options() const;
  void check_verify_options() const;

  Program program_;
  std::vector<std::string_view> arguments_;
  std::size_t next_ = 0;
  Options options_;
  std::set<Verb> asked_;  // by an option each
};

Error ArgumentParser::usage_error(std::string message) const {
  return Error(ErrorKind::usage, std::move(message)).hint(fmt::format("see {} --help", program_name(program_)));
}

Error ArgumentParser::unknown(const std::string& shown, std::string_view long_name) const {
  Error error = usage_error(fmt::format("unknown option {}", shown));
  std::vector<std::string> known;
  for (const auto& option : option_table()) {
    const bool same = long_name.empty() ? option.short_name == shown[1] : option.long_name == long_name;
    if (same)
      return error.hint(fmt::format("{} is an option of {} only", shown,
                                    option.programs == config_detail::OptionOf::mysql_only ? "mysql2pgsql" : "pgsql2pgsql"));
    if (has_option(program_, option)) known.emplace_back(option.long_name);
  }
  const auto nearest = nearest_name(long_name, known);
  if (nearest.empty()) return error;
  return error.hint(fmt::format("did you mean --{}? {} --help lists all options", nearest, program_name(program_)));
}

std::string_view ArgumentParser::next_argument(const OptionSpec& option, const std::string& shown) {
  if (next_ == arguments_.size())
    throw usage_error(fmt::format("option {} needs a value", shown))
        .hint(fmt::format("write {} {}", shown, option.argument));
  return arguments_[next_++];
}

void ArgumentParser::store(const OptionSpec& option, const std::string& shown, std::string_view value) {
  if (option.verb) {
    asked_.insert(*option.verb);
    return;
  }
  const std::string complaint = option.store(options_, value);
  if (!complaint.empty()) throw usage_error(fmt::format("option {}: {}", shown, complaint));
}

void ArgumentParser::parse_long(std::string_view argument) {
  const auto equals = argument.find('=');
  const auto name = argument.substr(2, equals == std::string_view::npos ? equals : equals - 2);
  const std::string shown = fmt::format("--{}", name);
  for (const auto& option : option_table()) {
    if (option.long_name != name || !has_option(program_, option)) continue;
    const bool attached = equals != std::string_view::npos;
    if (option.argument.empty()) {
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
    const OptionSpec* found = nullptr;
    for (const auto& option : option_table())
      if (option.short_name == flags.front() && has_option(program_, option)) found = &option;
    if (found == nullptr) throw unknown(shown, {});
    flags.remove_prefix(1);
    if (found->argument.empty()) {
      store(*found, shown, {});
    } else {
      return store(*found, shown, flags.empty() ? next_argument(*found, shown) : flags);
    }
  }
}

void ArgumentParser::check_follow_options() const {
  const Options& o = options_;
  if (asked(Verb::copy) && (asked(Verb::follow) || !o.end_at.empty()))
    throw usage_error("--full-only ends after the copy, so --follow-only and --end-at cannot go with it")
        .hint("leave out one of them");
  if (asked(Verb::copy_and_follow) && asked(Verb::follow))
    throw usage_error("--follow copies first, so --follow-only cannot go with it").hint("leave out one of them");
  if (asked(Verb::cleanup) && (asked(Verb::copy_and_follow) || asked(Verb::copy) || asked(Verb::follow) || !o.end_at.empty() || asked(Verb::ddl)))
    throw usage_error("--cleanup goes with neither -d, --full-only, --follow-only nor --end-at")
        .hint("follow to the end first (--end-at now), then run --cleanup by itself");
}

void ArgumentParser::check_verify_options() const {
  const Options& o = options_;
  if (!o.verify_report.empty() && !o.verify && !asked(Verb::verify))
    throw usage_error("--verify-report goes with --verify or --verify-only").hint("add one of them, or leave it out");
  if (!o.verify && !asked(Verb::verify)) return;
  const char* const name = asked(Verb::verify) ? "--verify-only" : "--verify";
  const char* other = asked(Verb::ddl)      ? "-d"
                      : asked(Verb::status)      ? "--status"
                      : asked(Verb::cleanup)     ? "--cleanup"
                      : asked(Verb::follow) ? "--follow-only"
                                      : nullptr;
  if (asked(Verb::verify) && other == nullptr)
    other = o.verify          ? "--verify"
            : o.create        ? "--create"
            : o.append        ? "--append"
            : o.truncate      ? "--truncate"
            : o.resume        ? "--resume"
            : o.restart       ? "--restart"
            : asked(Verb::copy)     ? "--full-only"
            : !o.end_at.empty() ? "--end-at"
                              : nullptr;
  if (other != nullptr)
    throw usage_error(fmt::format("{} and {} exclude each other", name, other))
        .hint(asked(Verb::verify) ? "--verify-only loads nothing; --verify compares after a copy" : "leave out one of them");
}

void ArgumentParser::check_combinations() const {
  const Options& o = options_;
  if (o.no_partitions && !asked(Verb::ddl)) throw usage_error("-n goes with -d only").hint("add -d, or leave out -n");
  if (o.append && o.truncate)
    throw usage_error("--append and --truncate exclude each other").hint("leave out one of them");
  if (o.resume && o.restart)
    throw usage_error("--resume and --restart exclude each other").hint("leave out one of them");
  if (asked(Verb::cleanup) && (o.resume || o.restart || asked(Verb::ddl)))
    throw usage_error("--cleanup goes with neither -d, --resume nor --restart").hint("run it by itself");
  if (o.verbose && o.quiet) throw usage_error("-v and -q exclude each other").hint("leave out one of them");
  check_follow_options();
  check_verify_options();
  if (o.section != DdlSection::all && !asked(Verb::ddl))
    throw usage_error("--section goes with -d only").hint("add -d, or leave out --section");
  if (o.json && !asked(Verb::status) && !asked(Verb::check))
    throw usage_error("--json goes with --status or --check only").hint("add one of them, or leave out --json");
  if (asked(Verb::check) && (asked(Verb::ddl) || asked(Verb::status) || asked(Verb::cleanup) || asked(Verb::verify)))
    throw usage_error("--check goes with neither -d, --status, --verify-only nor --cleanup").hint("run it by itself, with the options of the load");
  if (!o.table_list.empty() && (!o.include.empty() || !o.exclude.empty()))
    throw usage_error("-l names the tables itself, so --include and --exclude cannot go with it").hint("leave out one of them");
  if (!asked(Verb::ddl) && !asked(Verb::status)) return;
  if (asked(Verb::ddl) && asked(Verb::status)) throw usage_error("-d and --status exclude each other").hint("leave out one of them");
  const char* copying = o.create                 ? "--create"
                        : o.append               ? "--append"
                        : o.truncate             ? "--truncate"
                        : !o.report_path.empty() ? "--report"
                        : !o.metrics_path.empty() ? "--metrics-file"
                                                 : nullptr;
  if (copying != nullptr)
    throw usage_error(asked(Verb::status) ? fmt::format("--status only prints, so {} cannot go with it", copying)
                               : fmt::format("-d only prints DDL, so {} cannot go with it", copying))
        .hint("leave out one of them");
}

void ArgumentParser::decide_verb() {
  using enum Verb;
  const bool asked_to_follow = asked(follow) || asked(copy_and_follow) || !options_.end_at.empty();
  const bool copies_only = asked(copy) || (program_ == Program::mysql2pgsql && !asked_to_follow);
  options_.load = copies_only ? copy : asked(follow) ? follow : copy_and_follow;
  options_.verb = options_.load;
  for (const Verb verb : {verify, check, ddl, cleanup, status})
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
  check_combinations();
  decide_verb();
  return options_;
}

}  // namespace

Options parse_options(Program program, int argc, const char* const* argv) {
  return ArgumentParser(program, argc, argv).parse();
}

}  // namespace dbsync
