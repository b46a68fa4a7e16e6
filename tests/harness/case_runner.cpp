#include "tests/harness/case_runner.h"

#include <algorithm>
#include <cctype>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>  // fmt::join from fmt 10 on
#include <gtest/gtest.h>

#include "tests/harness/case_file.h"
#include "tests/harness/migration.h"
#include "tests/harness/pg_migration.h"

namespace dbsync::test {

namespace fs = std::filesystem;

namespace {

std::vector<int> numbers_of(const std::string& version) {
  std::vector<int> out;
  for (std::size_t i = 0; i < version.size() && std::isdigit(static_cast<unsigned char>(version[i])) != 0;) {
    std::size_t used = 0;
    out.push_back(std::stoi(version.substr(i), &used));
    i += used;
    if (i < version.size() && version[i] == '.') ++i;
  }
  return out;
}

// Runs of blanks as one: a summary's columns may move.
std::string single_blanks(const std::string& text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' || out.empty() || out.back() != ' ') out += c;
  return out;
}

// The databases of a case and the directory it runs in, whichever program it is of.
class CasePlace {
 public:
  virtual ~CasePlace() = default;
  virtual void source_exec(const std::string& sql) = 0;
  virtual Rows source_query(const std::string& sql) = 0;
  virtual std::string source_version() = 0;
  virtual TargetDb& target() = 0;
  virtual const TestDir& dir() = 0;
  virtual void configure(const std::string& extra) = 0;
  virtual RunResult run(const std::vector<std::string>& args) = 0;
};

template <class Base>
class PlaceOf : public CasePlace {
 public:
  void source_exec(const std::string& sql) override { base_.source.exec(sql); }
  Rows source_query(const std::string& sql) override { return base_.source.query(sql); }
  std::string source_version() override { return version(base_.source); }
  TargetDb& target() override { return base_.target; }
  const TestDir& dir() override { return base_.dir; }
  void configure(const std::string& extra) override { base_.configure(extra); }
  RunResult run(const std::vector<std::string>& args) override { return base_.run(args); }

 private:
  static std::string version(SourceDb& source) { return source.version(); }
  static std::string version(TargetDb& source) { return source.value("SHOW server_version"); }

  Base base_;
};

class CaseRun {
 public:
  CaseRun(const CaseFile& file, std::string format) : case_(file), format_(std::move(format)) {
    if (file.pg_source)
      place_ = std::make_unique<PlaceOf<PgMigration>>();
    else
      place_ = std::make_unique<PlaceOf<Migration>>();
  }

  void run() {
    if (const std::string reason = unmet_needs(); !reason.empty()) GTEST_SKIP() << reason;
    place_->configure({});
    for (const auto& step : case_.steps) {
      run_step(step);
      if (::testing::Test::HasFatalFailure()) return;
    }
  }

 private:
  // Why the servers will not do; "" when they do. Needs that name a source are
  // alternatives: no server is both MariaDB and MySQL.
  std::string unmet_needs() {
    std::vector<std::string> sources;
    bool source_met = false;
    for (const auto& need : case_.needs) {
      const std::string reason = unmet(need);
      if (need.server == "postgresql") {
        if (!reason.empty()) return reason;
        if (case_.pg_source && numbers_of(place_->source_version()) < need.version)
          return fmt::format("needs a source of version {}", fmt::join(need.version, "."));
      } else {
        source_met = source_met || reason.empty();
        sources.push_back(reason);
      }
    }
    return source_met ? "" : fmt::format("{}", fmt::join(sources, "; or "));
  }

  // The same for one of them.
  std::string unmet(const CaseNeed& need) {
    const bool target = need.server == "postgresql";
    const std::string version = target ? place_->target().value("SHOW server_version") : place_->source_version();
    const bool mariadb = version.find("MariaDB") != std::string::npos;
    const bool family = target || mariadb == (need.server == "mariadb");
    if (family && numbers_of(version) >= need.version) return {};
    return fmt::format("needs {} {}, the server is {}", need.server, fmt::join(need.version, "."), version);
  }

  void run_step(const CaseStep& step) {
    using Kind = CaseStep::Kind;
    try {
      switch (step.kind) {
        case Kind::source_sql: place_->source_exec(step.text); break;
        case Kind::target_sql: place_->target().exec(step.text); break;
        case Kind::config: place_->configure(step.text); break;
        case Kind::file: place_->dir().write_file(step.name, step.text); break;
        case Kind::run: run_program_step(step); break;
        case Kind::load_stdout: load_stdout(step); break;
        case Kind::check_rows: compare(step, step.rows, place_->target().query(step.text)); break;
        case Kind::check_equal:
          compare(step, place_->source_query(step.text), place_->target().query(step.target_text));
          break;
      }
    } catch (const std::exception& error) {
      GTEST_FAIL_AT(case_.path.c_str(), step.line) << error.what();
    }
  }

  void run_program_step(const CaseStep& step) {
    std::vector<std::string> args = step.words;
    static constexpr std::string_view kNoRows[]{"-d", "--status", "--cleanup", "--verify-only", "--follow-only"};
    const bool copies =
        std::find_first_of(args.begin(), args.end(), std::begin(kNoRows), std::end(kNoRows)) == args.end();
    if (copies && !format_.empty()) args.insert(args.end(), {"--copy-format", format_});
    last_ = place_->run(args);
    if (last_.exit_code != step.exit_code)
      ADD_FAILURE_AT(case_.path.c_str(), step.line) << "expected exit status " << step.exit_code << "\n"
                                                    << last_.describe();
    for (const auto& check : step.output) check_output(check);
    if (case_.verify && step.exit_code == 0 && last_.exit_code == 0) verify(step);
  }

  // What was copied must compare equal: a comparison that finds what is not there
  // is as bad as one that overlooks something.
  void verify(const CaseStep& step) const {
    static constexpr std::string_view kNoCopy[]{"-d",       "-h",        "--help",   "--version",
                                                "--status", "--cleanup", "--append", "--verify-only"};
    static constexpr std::string_view kCopyOnly[]{"--create",  "--truncate",  "--resume",
                                                  "--restart", "--full-only", "--verify"};
    const auto is_one_of = [](const auto& words, const std::string& word) {
      return std::find(std::begin(words), std::end(words), word) != std::end(words);
    };
    std::vector<std::string> args;
    for (std::size_t i = 0; i < step.words.size(); ++i) {
      const std::string& word = step.words[i];
      if (is_one_of(kNoCopy, word)) return;
      if (word == "-b")
        ++i;  // with its value
      else if (!is_one_of(kCopyOnly, word))
        args.push_back(word);
    }
    args.push_back("--verify-only");
    const RunResult compared = place_->run(args);
    if (compared.exit_code != 0)
      ADD_FAILURE_AT(case_.path.c_str(), step.line) << "the comparison after it found differences\n"
                                                    << compared.describe();
  }

  void check_output(const OutputCheck& check) const {
    const bool is_out = check.stream == OutputCheck::Stream::out;
    const std::string& text = is_out ? last_.out : last_.err;
    if ((single_blanks(text).find(single_blanks(check.text)) != std::string::npos) == check.wanted) return;
    ADD_FAILURE_AT(case_.path.c_str(), check.line)
        << (is_out ? "stdout" : "stderr") << (check.wanted ? " lacks: " : " has: ") << check.text << "\n"
        << text;
  }

  void load_stdout(const CaseStep& step) const {
    const RunResult psql = place_->target().load_with_psql(last_.out);
    if (psql.exit_code != 0)
      ADD_FAILURE_AT(case_.path.c_str(), step.line) << "psql: " << psql.err << "\nin\n" << last_.out;
  }

  void compare(const CaseStep& step, const Rows& expected, const Rows& actual) const {
    if (const std::string text = difference(expected, actual); !text.empty())
      ADD_FAILURE_AT(case_.path.c_str(), step.line) << text;
  }

  const CaseFile& case_;
  std::string format_;
  std::unique_ptr<CasePlace> place_;
  RunResult last_;
};

class CaseTest : public ::testing::Test {
 public:
  CaseTest(CaseFile file, std::string format) : case_(std::move(file)), format_(std::move(format)) {}

 private:
  void TestBody() override { CaseRun(case_, format_).run(); }

  CaseFile case_;
  std::string format_;
};

class BrokenCaseTest : public ::testing::Test {
 public:
  explicit BrokenCaseTest(std::string message) : message_(std::move(message)) {}

 private:
  void TestBody() override { FAIL() << message_; }

  std::string message_;
};

// All tests of a suite must come from one fixture class as far as GoogleTest
// can see, hence the base class as the factory's type.
void add_test(const fs::path& path, const std::string& variant, std::function<::testing::Test*()> make) {
  const std::string name = path.stem().string() + "/" + variant;
  ::testing::RegisterTest("Cases", name.c_str(), nullptr, nullptr, path.c_str(), 1, std::move(make));
}

void register_case(const fs::path& path) {
  try {
    const CaseFile file = parse_case(read_file(path), path.lexically_proximate(fs::current_path()).string());
    const auto formats = file.both_formats ? std::vector<std::string>{"binary", "text"} : std::vector<std::string>{""};
    for (const std::string& format : formats)
      add_test(path, format.empty() ? "once" : format,
               [file, format]() -> ::testing::Test* { return new CaseTest(file, format); });
  } catch (const CaseError& error) {
    const std::string message = error.what();
    add_test(path, "parse", [message]() -> ::testing::Test* { return new BrokenCaseTest(message); });
  }
}

}  // namespace

void register_cases(const fs::path& directory) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.path().extension() == ".case") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) register_case(path);
}

}  // namespace dbsync::test
