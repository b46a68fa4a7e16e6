// The text of --help.
#include <utility>

#include <fmt/format.h>

#include "config/options.h"
#include "config/settings.h"

namespace dbsync {

namespace {

using config_detail::OptionForm;
using config_detail::OptionGroup;

constexpr std::size_t kHelpColumn = 27;

constexpr std::string_view kAboutMysql =
    "Copies tables from MySQL or MariaDB to PostgreSQL, Greenplum or a relative, all\n"
    "by several workers at once, each table as of one moment. Both servers\n"
    "are named in my.cfg, in the sections [src.mysql] and [desc.pgsql].\n";

constexpr std::string_view kAboutPgsql =
    "Copies the tables of all users from one PostgreSQL database to another, by\n"
    "several workers at once, all as of one moment; with --create the schema, too.\n"
    "Both servers are named in my.cfg, in the sections [src.pgsql] and [desc.pgsql].\n";

constexpr std::string_view kExamples =
    "Examples:\n"
    "  {0} -d > tables.sql         write the DDL of every table to a file\n"
    "  {0} -l tab_list.txt -j 8    copy the listed tables, eight at a time\n"
    "  {0} --create                create what the target lacks and copy all\n";

constexpr std::string_view kExitCodes =
    "Exit status:\n"
    "  0    all done\n"
    "  1    usage: wrong options\n"
    "  2    configuration: my.cfg or the table list\n"
    "  3    source: cannot be reached, or refused a statement\n"
    "  4    target: cannot be reached, or refused a statement\n"
    "  5    data: a value or row that the target cannot take, or rows that differ\n"
    "  70   internal error, please report it\n"
    "  130  interrupted\n";

std::string option_names(const OptionForm& option) {
  std::string names = option.short_name == '\0' ? "      " : fmt::format("  -{}, ", option.short_name);
  names += fmt::format("--{}", option.name);
  if (!option.argument.empty()) names += fmt::format(" {}", option.argument);
  return names;
}

std::string option_lines(const OptionForm& option) {
  std::string out = fmt::format("{:<{}}", option_names(option), kHelpColumn);
  for (const char c : option.help) {
    out += c;
    if (c == '\n') out.append(kHelpColumn, ' ');
  }
  return out + '\n';
}

}  // namespace

std::string help_text(Program program) {
  const auto name = config_detail::program_name(program);
  std::string out =
      fmt::format("Usage: {} [OPTION]...\n\n{}", name, program == Program::mysql2pgsql ? kAboutMysql : kAboutPgsql);
  constexpr std::pair<OptionGroup, std::string_view> groups[] = {
      {OptionGroup::what, "What to do"}, {OptionGroup::how, "How to do it"}, {OptionGroup::messages, "Messages"}};
  for (const auto& [group, title] : groups) {
    out += fmt::format("\n{}:\n", title);
    for (const auto& setting : config_detail::settings())
      if (config_detail::has_option(program, setting) && setting.option.group == group)
        out += option_lines(setting.option);
  }
  return out + '\n' + fmt::format(kExamples, name) + '\n' + std::string(kExitCodes);
}

}  // namespace dbsync
