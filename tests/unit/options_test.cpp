#include "config/options.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/settings.h"
#include "tests/unit/config_test_support.h"

namespace dbsync {
namespace {

using test::caught;
using test::expect_contains;
using enum Program;

using Arguments = std::vector<const char*>;

Options parse(Arguments arguments, Program program = mysql2pgsql) {
  arguments.insert(arguments.begin(), "program");
  return parse_options(program, static_cast<int>(arguments.size()), arguments.data());
}

TEST(Options, Defaults) {
  const Options options = parse({});
  EXPECT_FALSE(options.help || options.version || options.verb != Verb::copy || options.no_partitions);
  EXPECT_FALSE(options.first_column_key || options.create || options.append || options.truncate);
  EXPECT_FALSE(options.verbose || options.quiet || options.buffer_kb.has_value());
  EXPECT_EQ(options.config_path, "my.cfg");
  EXPECT_EQ(options.table_list, "");
  EXPECT_EQ(options.jobs, 5U);
  EXPECT_EQ(options.schema, "");
  EXPECT_EQ(options.report_path, "");
  EXPECT_EQ(options.copy_format, CopyFormatChoice::automatic);
}

TEST(Options, NoProgramName) { EXPECT_EQ(parse_options(mysql2pgsql, 0, nullptr).jobs, 5U); }

TEST(Options, RunbookLine) {
  const Options options = parse({"-l", "tab_list.txt", "-d", "-n", "-j", "8", "-s", "shop"});
  EXPECT_EQ(options.table_list, "tab_list.txt");
  EXPECT_EQ(options.verb, Verb::ddl);
  EXPECT_TRUE(options.no_partitions);
  EXPECT_EQ(options.jobs, 8U);
  EXPECT_EQ(options.schema, "shop");
}

class OptionsJobs : public testing::TestWithParam<Arguments> {};

TEST_P(OptionsJobs, EverySpelling) { EXPECT_EQ(parse(GetParam()).jobs, 8U); }

INSTANTIATE_TEST_SUITE_P(All, OptionsJobs,
                         testing::Values(Arguments{"-j8"}, Arguments{"-j", "8"}, Arguments{"--jobs=8"},
                                         Arguments{"--jobs", "8"}, Arguments{"-fj8"}, Arguments{"-fj", "8"},
                                         Arguments{"-j4", "-j8"}, Arguments{"-j8", "--"}));

TEST(Options, CombinedFlags) {
  const Options options = parse({"-dnf"});
  EXPECT_EQ(options.verb, Verb::ddl);
  EXPECT_TRUE(options.no_partitions);
  EXPECT_TRUE(options.first_column_key);
}

TEST(Options, LongNames) {
  const Options ddl = parse({"--table-list=t", "--ddl", "--no-partitions", "--first-column-key", "--schema=a=b",
                             "--config", "c", "--buffer-kb=1048576", "--verbose"});
  EXPECT_EQ(ddl.table_list, "t");
  EXPECT_TRUE(ddl.verb == Verb::ddl && ddl.no_partitions && ddl.first_column_key && ddl.verbose);
  EXPECT_EQ(ddl.schema, "a=b");
  EXPECT_EQ(ddl.config_path, "c");
  EXPECT_EQ(ddl.buffer_kb, 1048576U);
  const Options copy = parse({"--create", "--append", "--report", "r", "--copy-format=binary", "--quiet"});
  EXPECT_TRUE(copy.create && copy.append && copy.quiet);
  EXPECT_EQ(copy.report_path, "r");
  EXPECT_EQ(copy.copy_format, CopyFormatChoice::binary);
  EXPECT_TRUE(parse({"--truncate"}).truncate);
  EXPECT_EQ(parse({"--copy-format", "text"}).copy_format, CopyFormatChoice::text);
  EXPECT_EQ(parse({"--copy-format=auto"}).copy_format, CopyFormatChoice::automatic);
}

TEST(Options, ShortNames) {
  const Options options = parse({"-c", "other.cfg", "-b1", "-v"});
  EXPECT_EQ(options.config_path, "other.cfg");
  EXPECT_EQ(options.buffer_kb, 1U);
  EXPECT_TRUE(options.verbose);
  EXPECT_TRUE(parse({"-q"}).quiet);
}

TEST(Options, ChunkSize) {
  constexpr std::uint64_t kMega = 1 << 20;
  EXPECT_EQ(parse({}).chunk_bytes, 64 * kMega);
  EXPECT_EQ(parse({"--chunk-size", "16MB"}).chunk_bytes, 16 * kMega);
  EXPECT_EQ(parse({"--chunk-size=512kB"}).chunk_bytes, 512U * 1024);
  EXPECT_EQ(parse({"--chunk-size=1gb"}).chunk_bytes, 1024 * kMega);
  EXPECT_EQ(parse({"--chunk-size=4096B"}).chunk_bytes, 4096U);
  EXPECT_EQ(parse({"--chunk-size=0"}).chunk_bytes, 0U);
  EXPECT_EQ(parse({"--chunk-size=1048576GB"}).chunk_bytes, std::uint64_t{1} << 50);
  EXPECT_EQ(parse({"--chunk-size=2MB"}, pgsql2pgsql).chunk_bytes, 2 * kMega);
}

// A number alone counts rows, one with a unit bytes; the last one given counts.
TEST(Options, MaxRate) {
  EXPECT_FALSE(parse({}).max_rate.limited());
  const Options rows = parse({"--max-rate", "20000"});
  EXPECT_EQ(rows.max_rate.rows, 20000U);
  EXPECT_EQ(rows.max_rate.bytes, 0U);
  const Options bytes = parse({"--max-rate=20MB"});
  EXPECT_EQ(bytes.max_rate.rows, 0U);
  EXPECT_EQ(bytes.max_rate.bytes, 20U << 20);
  const Options last = parse({"--max-rate=20MB", "--max-rate=5"});
  EXPECT_EQ(last.max_rate.rows, 5U);
  EXPECT_EQ(last.max_rate.bytes, 0U);
  EXPECT_EQ(parse({"--max-rate=18446744073709551615"}).max_rate.rows, std::numeric_limits<std::uint64_t>::max());
}

struct VerbCase {
  Arguments arguments;
  Verb verb, load;
  Program program = pgsql2pgsql;
};

class OptionsVerb : public testing::TestWithParam<VerbCase> {};

TEST_P(OptionsVerb, IsDecidedByTheParser) {
  const Options options = parse(GetParam().arguments, GetParam().program);
  EXPECT_EQ(options.verb, GetParam().verb);
  EXPECT_EQ(options.load, GetParam().load);
}

INSTANTIATE_TEST_SUITE_P(All, OptionsVerb,
                         testing::Values(VerbCase{{}, Verb::copy, Verb::copy, mysql2pgsql},
                                         VerbCase{{}, Verb::copy_and_follow, Verb::copy_and_follow},
                                         VerbCase{{"--check"}, Verb::check, Verb::copy, mysql2pgsql},
                                         VerbCase{{"--check"}, Verb::check, Verb::copy_and_follow},
                                         VerbCase{{"--full-only"}, Verb::copy, Verb::copy},
                                         VerbCase{{"--follow-only"}, Verb::follow, Verb::follow},
                                         VerbCase{{"--check", "--full-only"}, Verb::check, Verb::copy},
                                         VerbCase{{"--follow-only", "--check"}, Verb::check, Verb::follow},
                                         VerbCase{{"-d"}, Verb::ddl, Verb::copy_and_follow},
                                         VerbCase{{"--verify-only"}, Verb::verify, Verb::copy_and_follow},
                                         VerbCase{{"--status"}, Verb::status, Verb::copy_and_follow},
                                         VerbCase{{"--cleanup"}, Verb::cleanup, Verb::copy_and_follow},
                                         VerbCase{{"--end-at", "now"}, Verb::copy_and_follow, Verb::copy_and_follow}));

TEST(Options, HelpWinsOverWrongCombinations) {
  EXPECT_TRUE(parse({"-h"}).help);
  EXPECT_TRUE(parse({"-n", "--help"}).help);
  EXPECT_TRUE(parse({"--version", "surplus"}).version);
}

TEST(Options, OfPgsql2pgsql) {
  const Options options = parse({"-c", "c", "-j2", "-l", "t", "-s", "x", "--create", "--report=r"}, pgsql2pgsql);
  EXPECT_EQ(options.jobs, 2U);
  EXPECT_EQ(options.table_list, "t");
  EXPECT_EQ(parse({"-d"}, pgsql2pgsql).verb, Verb::ddl);
}

struct UsageCase {
  Arguments arguments;
  const char* message;
  const char* hint = "--help";
  Program program = mysql2pgsql;
};

void PrintTo(const UsageCase& c, std::ostream* out) { *out << c.message; }

class OptionsUsage : public testing::TestWithParam<UsageCase> {};

TEST_P(OptionsUsage, IsAUsageError) {
  const Error error = caught([] { parse(GetParam().arguments, GetParam().program); });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_EQ(error.message(), GetParam().message);
  expect_contains(error.hint(), GetParam().hint);
}

INSTANTIATE_TEST_SUITE_P(
    Spelling, OptionsUsage,
    testing::Values(UsageCase{{"--jbs=8"}, "unknown option --jbs", "did you mean --jobs?"},
                    UsageCase{{"--zzzzzzzz"}, "unknown option --zzzzzzzz", "see mysql2pgsql --help"},
                    UsageCase{{"--password=x"}, "unknown option --password"},  // the value is not shown
                    UsageCase{{"-x"}, "unknown option -x"}, UsageCase{{"-dx"}, "unknown option -x"},
                    UsageCase{{"-\xC3\xA9"}, "unknown option -\xC3\xA9"},
                    UsageCase{{"tables.txt"}, "unexpected argument \"tables.txt\"", "-l"},
                    UsageCase{{"--", "-d"}, "unexpected argument \"-d\"", "-l"},
                    UsageCase{{"-"}, "unexpected argument \"-\"", "-l"},
                    UsageCase{{""}, "unexpected argument \"\"", "-l"},
                    UsageCase{{"-n"}, "unknown option -n", "mysql2pgsql only", pgsql2pgsql},
                    UsageCase{{"--include", "x"}, "unknown option --include", "pgsql2pgsql only"},
                    UsageCase{{"-l", "f", "--exclude", "x"},
                              "-l and --exclude exclude each other",
                              "-l names the tables itself",
                              pgsql2pgsql},
                    UsageCase{{"--json"}, "--json goes with --check or --status only", "one of them"},
                    UsageCase{{"--check", "-d"}, "--check and -d exclude each other", "leave out"},
                    UsageCase{{"--check", "--cleanup"}, "--check and --cleanup exclude each other", "leave out"},
                    UsageCase{{"--status", "--create"}, "--status and --create exclude each other", "only prints"},
                    UsageCase{{"--no-partitions"}, "unknown option --no-partitions", "mysql2pgsql only", pgsql2pgsql},
                    UsageCase{{"-x"}, "unknown option -x", "see pgsql2pgsql --help", pgsql2pgsql}));

INSTANTIATE_TEST_SUITE_P(
    Values, OptionsUsage,
    testing::Values(UsageCase{{"-j"}, "option -j needs a value", "write -j N"},
                    UsageCase{{"--report"}, "option --report needs a value", "write --report FILE"},
                    UsageCase{{"-j0"}, "option -j: \"0\" is not a whole number from 1 to 256"},
                    UsageCase{{"-j257"}, "option -j: \"257\" is not a whole number from 1 to 256"},
                    UsageCase{{"-j8x"}, "option -j: \"8x\" is not a whole number from 1 to 256"},
                    UsageCase{{"-j", "-d"}, "option -j: \"-d\" is not a whole number from 1 to 256"},
                    UsageCase{{"--jobs="}, "option --jobs: \"\" is not a whole number from 1 to 256"},
                    UsageCase{{"--jobs=18446744073709551617"},
                              "option --jobs: \"18446744073709551617\" is not a whole number from 1 to 256"},
                    UsageCase{{"-b0"}, "option -b: \"0\" is not a whole number from 1 to 1048576"},
                    UsageCase{{"-b1048577"}, "option -b: \"1048577\" is not a whole number from 1 to 1048576"},
                    UsageCase{{"-s", ""}, "option -s: the value is empty"},
                    UsageCase{{"--config="}, "option --config: the value is empty"},
                    UsageCase{{"--copy-format=csv"}, "option --copy-format: \"csv\" is none of auto, binary, text"},
                    UsageCase{{"--ddl=yes"}, "option --ddl takes no value"}));

constexpr char kNoSize[] = "is not a size such as 64MB, 512kB or 0";
constexpr char kNoRate[] = "is neither a number of rows a second nor a size a second such as 20MB";

class OptionsSizes : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(OptionsSizes, AreUsageErrors) {
  const auto& [argument, reason] = GetParam();
  const Error error = caught([&] { parse({argument}); });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  expect_contains(error.message(), reason);
}

INSTANTIATE_TEST_SUITE_P(
    Values, OptionsSizes,
    testing::Values(std::pair("--chunk-size=", kNoSize), std::pair("--chunk-size=64", kNoSize),
                    std::pair("--chunk-size=MB", kNoSize), std::pair("--chunk-size=-1MB", kNoSize),
                    std::pair("--chunk-size=1.5MB", kNoSize), std::pair("--chunk-size=1TB", kNoSize),
                    std::pair("--chunk-size=1 MB", kNoSize), std::pair("--chunk-size=1048577GB", kNoSize),
                    std::pair("--chunk-size=18446744073709551616B", kNoSize), std::pair("--max-rate=", kNoRate),
                    std::pair("--max-rate=0", kNoRate), std::pair("--max-rate=0MB", kNoRate),
                    std::pair("--max-rate=-5", kNoRate), std::pair("--max-rate=fast", kNoRate),
                    std::pair("--max-rate=20MB/s", kNoRate), std::pair("--max-rate=18446744073709551616", kNoRate)));

INSTANTIATE_TEST_SUITE_P(
    Combinations, OptionsUsage,
    testing::Values(
        UsageCase{{"-n"}, "-n goes with -d only", "add -d"},
        UsageCase{{"--append", "--truncate"}, "--append and --truncate exclude each other", "leave out"},
        UsageCase{{"-v", "-q"}, "-v and -q exclude each other", "leave out"},
        UsageCase{{"-d", "--create"}, "-d and --create exclude each other", "-d only prints DDL"},
        UsageCase{{"--append", "-d"}, "-d and --append exclude each other", "leave out"},
        UsageCase{{"-d", "--truncate"}, "-d and --truncate exclude each other", "leave out"},
        UsageCase{{"-d", "--report=r"}, "-d and --report exclude each other", "leave out"},
        UsageCase{{"--verify", "-d"}, "-d and --verify exclude each other", "leave out"},
        UsageCase{{"--verify-only", "--create"},
                  "--verify-only and --create exclude each other",
                  "--verify compares after a copy"},
        UsageCase{{"--verify-only", "--verify"}, "--verify-only and --verify exclude each other", "loads nothing"},
        UsageCase{{"--verify-report", "f"}, "--verify-report goes with --verify or --verify-only", "add one"},
        UsageCase{
            {"--verify", "--follow-only"}, "--follow-only and --verify exclude each other", "leave out", pgsql2pgsql},
        UsageCase{{"-d", "--create"}, "-d and --create exclude each other", "-d only prints DDL", pgsql2pgsql}));

// Half of each of these command lines was once obeyed, and the other half ignored.
INSTANTIATE_TEST_SUITE_P(
    HalfObeyed, OptionsUsage,
    testing::Values(
        UsageCase{{"--status", "--cleanup"}, "--status and --cleanup exclude each other", "leave out"},
        UsageCase{{"--status", "--resume"}, "--status and --resume exclude each other", "only prints"},
        UsageCase{{"--cleanup", "--truncate"}, "--cleanup and --truncate exclude each other", "copies nothing"},
        UsageCase{{"--force"}, "--force goes with --cleanup only", "leave out"},
        UsageCase{{"--restart", "--force"}, "--force goes with --cleanup only", "leave out"},
        UsageCase{{"--status", "--force"}, "--status and --force exclude each other", "only prints"},
        UsageCase{{"-d", "--resume"}, "-d and --resume exclude each other", "only prints DDL"},
        UsageCase{{"--cleanup", "--report", "r"}, "--cleanup and --report exclude each other", "leave out"},
        UsageCase{{"--status", "-j", "4"}, "--status and -j exclude each other", "only prints"},
        UsageCase{{"--follow-only", "--create"},
                  "--follow-only and --create exclude each other",
                  "without a copy",
                  pgsql2pgsql},
        UsageCase{{"--follow-only", "--restart"},
                  "--follow-only and --restart exclude each other",
                  "without a copy",
                  pgsql2pgsql},
        UsageCase{
            {"--full-only", "--end-at", "now"}, "--full-only and --end-at exclude each other", "and ends", pgsql2pgsql},
        UsageCase{{"--check", "--follow-only", "--truncate"},
                  "--follow-only and --truncate exclude each other",
                  "leave out",
                  pgsql2pgsql},
        UsageCase{{"--full-only", "--follow-only"},
                  "--full-only and --follow-only exclude each other",
                  "leave out",
                  pgsql2pgsql},
        UsageCase{{"-d", "--full-only"}, "-d and --full-only exclude each other", "leave out", pgsql2pgsql}));

using config_detail::Setting;

bool of_program(const Setting& option, Program program) {
  return config_detail::has_option(program, option) && option.option.name != "help" && option.option.name != "version";
}

std::vector<std::string> as_given(const Setting& option) {
  static const std::map<std::string_view, std::string> values{
      {"jobs", "3"},           {"buffer-kb", "64"},     {"chunk-size", "1MB"}, {"max-rate", "10"},
      {"copy-format", "text"}, {"section", "pre-data"}, {"log-format", "json"}};
  std::vector<std::string> out{fmt::format("--{}", option.option.name)};
  if (option.option.argument.empty()) return out;
  const auto value = values.find(option.option.name);
  out.push_back(value == values.end() ? "x" : value->second);
  return out;
}

// Nothing when the command line is taken.
std::optional<std::string> refusal_of(Program program, const std::vector<const Setting*>& options) {
  std::vector<std::string> words{"program"};
  for (const Setting* option : options)
    for (const std::string& word : as_given(*option)) words.push_back(word);
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  try {
    parse_options(program, static_cast<int>(arguments.size()), arguments.data());
    return std::nullopt;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage) << error.what();
    EXPECT_FALSE(error.hint().empty()) << error.what();
    return error.message();
  }
}

// How many of the options a refusal names.
int named(const std::string& message, const std::vector<const Setting*>& options) {
  int out = 0;
  for (const Setting* option : options) {
    const std::string name = shown(*option);
    for (auto at = message.find(name); at != std::string::npos; at = message.find(name, at + 1))
      if (at + name.size() == message.size() || message[at + name.size()] == ' ') {
        ++out;
        break;
      }
  }
  return out;
}

// Every pair of options with every verb: what is refused is refused by a sentence that
// names two of the options (or the one that goes with others only), and what is taken is
// taken in either order.
TEST(Combinations, OfAnyTwoOptionsWithAnyVerbAreTakenOrRefusedByName) {
  for (const Program program : {mysql2pgsql, pgsql2pgsql}) {
    std::vector<const Setting*> verbs{nullptr};
    for (const Setting& option : config_detail::settings())
      if (option.option.verb && of_program(option, program)) verbs.push_back(&option);
    int taken = 0;
    int refused = 0;
    for (const Setting* verb : verbs)
      for (const Setting& first : config_detail::settings())
        for (const Setting& second : config_detail::settings()) {
          if (&first >= &second || &first == verb || &second == verb || !of_program(first, program) ||
              !of_program(second, program))
            continue;
          std::vector<const Setting*> all{&first, &second};
          if (verb != nullptr) all.insert(all.begin(), verb);
          const auto refusal = refusal_of(program, all);
          ++(refusal ? refused : taken);
          std::reverse(all.begin(), all.end());
          EXPECT_EQ(refusal.has_value(), refusal_of(program, all).has_value())
              << first.option.name << ' ' << second.option.name;
          if (!refusal) continue;
          const bool alone = refusal->ends_with(" only") || refusal->find(" goes with ") != std::string::npos;
          EXPECT_GE(named(*refusal, all), alone ? 1 : 2) << *refusal;
        }
    EXPECT_GT(taken, 500) << refused;
    EXPECT_GT(refused, 500) << taken;
  }
}

// An option that is taken changes something: it acts in the verb, or in the load that
// --check looks at.
TEST(Combinations, NoOptionIsTakenAndIgnored) {
  for (const Program program : {mysql2pgsql, pgsql2pgsql})
    for (const Setting& verb : config_detail::settings()) {
      if (!verb.option.verb || *verb.option.verb == Verb::check || !of_program(verb, program)) continue;
      for (const Setting& option : config_detail::settings()) {
        if (option.option.verb || !of_program(option, program) || option.option.name == "verify-report") continue;
        EXPECT_EQ(!refusal_of(program, {&verb, &option}), acts(option, *verb.option.verb))
            << verb.option.name << ' ' << option.option.name;
      }
    }
}

TEST(Help, LinesFitATerminal) {
  for (const Program program : {mysql2pgsql, pgsql2pgsql}) {
    const std::string text = help_text(program);
    EXPECT_TRUE(text.ends_with('\n'));
    std::size_t start = 0;
    for (std::size_t end = 0; (end = text.find('\n', start)) != std::string::npos; start = end + 1)
      EXPECT_LE(end - start, 80U) << text.substr(start, end - start);
  }
}

TEST(Help, ListsTheOptionsOfTheProgram) {
  expect_contains(help_text(mysql2pgsql), "--no-partitions");
  EXPECT_EQ(help_text(pgsql2pgsql).find("--no-partitions"), std::string::npos);
  expect_contains(help_text(pgsql2pgsql), "pgsql2pgsql -l tab_list.txt -j 8");
}

}  // namespace
}  // namespace dbsync
