// What `make install` puts where, and that the manual pages are whole.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "tests/harness/files.h"
#include "tests/harness/process.h"

namespace dbsync::test {

namespace {

namespace fs = std::filesystem;

// Of the programs that the tests run, as they are: nothing is compiled.
class InstallTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (sanitized()) GTEST_SKIP() << "programs with a sanitizer are not for installing";
    const std::string bin = fs::absolute(fs::path(program_path("mysql2pgsql")).parent_path()).string();
    RunOptions options;
    options.cwd = repo_root();
    options.env = {{"MAKEFLAGS", ""}, {"MAKELEVEL", ""}};
    const RunResult result = run_program({"make", "install", "DESTDIR=" + root().string(), "PREFIX=/usr", "BIN=" + bin,
                                          "BUILD=" + (dir_.path() / "build").string(), "-o", "programs", "-o",
                                          bin + "/mysql2pgsql", "-o", bin + "/pgsql2pgsql"},
                                         options);
    ASSERT_EQ(result.exit_code, 0) << result.describe();
  }

  fs::path root() const { return dir_.path() / "root"; }
  fs::path page(const std::string& program) const { return root() / "usr/share/man/man1" / (program + ".1"); }

 private:
  TestDir dir_;
};

TEST_F(InstallTest, PutsEachFileWhereDebianExpectsIt) {
  std::set<std::string> expected = {"usr/bin/mysql2pgsql",
                                    "usr/bin/pgsql2pgsql",
                                    "usr/share/man/man1/mysql2pgsql.1",
                                    "usr/share/man/man1/pgsql2pgsql.1",
                                    "usr/share/bash-completion/completions/mysql2pgsql",
                                    "usr/share/bash-completion/completions/pgsql2pgsql",
                                    "usr/share/doc/dbsync/README.md",
                                    "usr/share/doc/dbsync/CHANGELOG.md",
                                    "usr/share/doc/dbsync/examples/my.cfg.sample"};
  for (const auto& entry : fs::directory_iterator(repo_root() / "share/doc"))
    expected.insert("usr/share/doc/dbsync/" + entry.path().filename().string());
  for (const auto& entry : fs::directory_iterator(repo_root() / "share/grants"))
    expected.insert("usr/share/doc/dbsync/examples/grants/" + entry.path().filename().string());
  std::set<std::string> installed;
  for (const auto& entry : fs::recursive_directory_iterator(root()))
    if (!entry.is_directory()) installed.insert(fs::relative(entry.path(), root()).string());
  EXPECT_EQ(installed, expected);
  EXPECT_EQ(run_program({(root() / "usr/bin/mysql2pgsql").string(), "--version"}).exit_code, 0);
}

TEST_F(InstallTest, ManualPagesHaveEveryOption) {
  for (const char* program : {"mysql2pgsql", "pgsql2pgsql"}) {
    std::string text = read_file(page(program));
    EXPECT_EQ(text.find('@'), std::string::npos) << "a place that nothing was put into";
    text.erase(std::remove(text.begin(), text.end(), '\\'), text.end());
    const std::string help = run_program({program, "--help"}).out;
    const std::regex option("^  .{4}--([a-z-]+)", std::regex::multiline);
    int options = 0;
    for (auto at = std::sregex_iterator(help.begin(), help.end(), option); at != std::sregex_iterator();
         ++at, ++options)
      EXPECT_NE(text.find("fB--" + (*at)[1].str() + "fR"), std::string::npos) << program << " --" << (*at)[1];
    EXPECT_GT(options, 20);
    for (const char* status : {".B 0\n", ".B 5\n", ".B 70\n", ".B 130\n"})
      EXPECT_NE(text.find(status), std::string::npos) << status;
  }
}

TEST_F(InstallTest, ManualPagesHaveEveryKeyOfTheConfiguration) {
  const std::string sample = read_file(root() / "usr/share/doc/dbsync/examples/my.cfg.sample");
  const std::regex line("^#?([a-z_]+) = \"|^\\[([a-z_.]+)\\]", std::regex::multiline);
  for (const std::string program : {"mysql2pgsql", "pgsql2pgsql"}) {
    std::string text = read_file(page(program));
    text.erase(std::remove(text.begin(), text.end(), '\\'), text.end());
    const std::string others = program == "mysql2pgsql" ? "src.pgsql" : "src.mysql";
    std::string section;
    int keys = 0;
    for (auto at = std::sregex_iterator(sample.begin(), sample.end(), line); at != std::sregex_iterator(); ++at) {
      const std::string key = (*at)[1];
      if (key.empty()) section = (*at)[2];
      const bool wanted = section != others;
      const bool found = text.find(key.empty() ? ".SS [" + section + "]\n" : ".BI " + key + " ") != std::string::npos;
      if (key.empty()) {
        EXPECT_EQ(found, wanted) << program << " [" << section << ']';
      } else if (wanted) {
        EXPECT_TRUE(found) << program << ' ' << key;
      }
      keys += key.empty() ? 0 : 1;
    }
    EXPECT_GT(keys, 40);
  }
}

TEST_F(InstallTest, BashCompletesOptionsAndTheirValues) {
  for (const std::string program : {"mysql2pgsql", "pgsql2pgsql"}) {
    const auto complete = [&](const std::string& words) {
      const std::string file = (root() / "usr/share/bash-completion/completions" / program).string();
      const RunResult result =
          run_program({"bash", "-c",
                       "source \"$0\"; COMP_WORDS=(" + words + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _" + program +
                           "; echo \"${COMPREPLY[*]}\"",
                       file});
      EXPECT_EQ(result.exit_code, 0) << result.describe();
      return result.out;
    };
    EXPECT_EQ(complete(program + " --verify-"), "--verify-only --verify-report\n");
    EXPECT_EQ(complete(program + " --copy-format b"), "binary\n");
    EXPECT_EQ(complete(program + " -j ''"), "\n");
    const std::string all = complete(program + " -");
    const std::string help = run_program({program, "--help"}).out;
    const std::regex option("^  .{4}(--[a-z-]+)", std::regex::multiline);
    for (auto at = std::sregex_iterator(help.begin(), help.end(), option); at != std::sregex_iterator(); ++at)
      EXPECT_NE((" " + all).find(" " + (*at)[1].str()), std::string::npos) << program << ' ' << (*at)[1];
  }
}

TEST_F(InstallTest, ManualPagesRenderWithoutWarnings) {
  if (std::system("command -v man >/dev/null 2>&1") != 0) GTEST_SKIP() << "there is no man here";
  for (const char* program : {"mysql2pgsql", "pgsql2pgsql"}) {
    RunOptions options;
    options.env = {{"MANWIDTH", "80"}, {"LC_ALL", "C.UTF-8"}, {"MANROFFSEQ", ""}};
    const RunResult result =
        run_program({"man", "--warnings", "-E", "UTF-8", "-Tutf8", "-Z", "-l", page(program).string()}, options);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(result.err, "");
    EXPECT_GT(result.out.size(), 1000u);
  }
}

}  // namespace

}  // namespace dbsync::test
