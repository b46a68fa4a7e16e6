// Files that users name: replaced whole, appended to, never where a link leads.
#include "base/output_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace dbsync {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public ::testing::Test {
 protected:
  OutputFileTest() {
    std::string pattern = (fs::temp_directory_path() / "dbsync-output-XXXXXX").string();
    dir_ = ::mkdtemp(pattern.data());
  }
  ~OutputFileTest() override { fs::remove_all(dir_); }

  std::string path(const std::string& name) const { return (dir_ / name).string(); }
  static std::string text(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static unsigned mode(const std::string& path) {
    struct stat facts {};
    EXPECT_EQ(::stat(path.c_str(), &facts), 0);
    return facts.st_mode & 0777U;
  }
  std::size_t files() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator(dir_), {})); }

  fs::path dir_;
};

TEST_F(OutputFileTest, IsMadeForWhomItIsMeant) {
  EXPECT_FALSE(replace_file(path("private"), "a", Readers::owner));
  EXPECT_FALSE(replace_file(path("public"), "b", Readers::all));
  EXPECT_EQ(mode(path("private")), 0600U);
  EXPECT_EQ(mode(path("public")) & 0600U, 0600U);
  EXPECT_FALSE(append_private(path("rows"), "c"));
  EXPECT_EQ(mode(path("rows")), 0600U);
}

TEST_F(OutputFileTest, IsReplacedWholeAndKeepsItsMode) {
  std::ofstream(path("f")) << "old and long";
  ::chmod(path("f").c_str(), 0640);
  EXPECT_FALSE(replace_file(path("f"), "new", Readers::owner));
  EXPECT_EQ(text(path("f")), "new");
  EXPECT_EQ(mode(path("f")), 0640U);
  EXPECT_EQ(files(), 1U) << "nothing is left beside it";
}

TEST_F(OutputFileTest, AppendsAndReplacesNothing) {
  EXPECT_FALSE(append_private(path("f"), "a\n"));
  EXPECT_FALSE(append_private(path("f"), "b\n"));
  EXPECT_EQ(text(path("f")), "a\nb\n");
}

TEST_F(OutputFileTest, PrivateContentDoesNotGoWhereALinkLeads) {
  std::ofstream(path("victim")) << "precious";
  fs::create_symlink(path("victim"), path("link"));
  fs::create_symlink(path("nowhere"), path("dangling"));
  EXPECT_EQ(replace_file(path("link"), "rows", Readers::owner), std::errc::too_many_symbolic_link_levels);
  EXPECT_EQ(append_private(path("link"), "rows"), std::errc::too_many_symbolic_link_levels);
  EXPECT_TRUE(replace_file(path("dangling"), "rows", Readers::owner));
  EXPECT_TRUE(replace_file(path("dangling"), "rows", Readers::all));
  EXPECT_TRUE(append_private(path("dangling"), "rows"));
  EXPECT_EQ(text(path("victim")), "precious");
  EXPECT_FALSE(fs::exists(path("nowhere")));
}

TEST_F(OutputFileTest, ALinkStaysWhenWhatItPointsToIsReplaced) {
  std::ofstream(path("real")) << "old";
  fs::create_symlink("real", path("link"));
  EXPECT_FALSE(replace_file(path("link"), "new", Readers::all));
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(text(path("real")), "new");
}

TEST_F(OutputFileTest, ADeviceStaysADevice) {
  EXPECT_FALSE(replace_file("/dev/null", "x", Readers::owner));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_EQ(replace_file("/dev/full", "x", Readers::owner), std::errc::no_space_on_device);
}

TEST_F(OutputFileTest, AFifoThatNobodyReadsIsAnErrorAtOnce) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(replace_file(path("fifo"), "x", Readers::owner), std::errc::no_such_device_or_address);
  EXPECT_EQ(append_private(path("fifo"), "x"), std::errc::no_such_device_or_address);
  const int reader = ::open(path("fifo").c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_FALSE(replace_file(path("fifo"), "x", Readers::owner));
  std::array<char, 8> got{};
  EXPECT_EQ(::read(reader, got.data(), got.size()), 1);
  ::close(reader);
  EXPECT_TRUE(fs::is_fifo(path("fifo")));
}

TEST_F(OutputFileTest, AMissingDirectoryIsSaid) {
  EXPECT_EQ(replace_file(path("no/such"), "x", Readers::owner), std::errc::no_such_file_or_directory);
}

}  // namespace
}  // namespace dbsync
