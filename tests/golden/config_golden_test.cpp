// The texts of common/config that users see: --help and my.cfg.sample.
#include <gtest/gtest.h>

#include "config/config.h"
#include "config/options.h"
#include "tests/golden/golden.h"

namespace dbsync {
namespace {

using test::expect_golden;

TEST(Golden, HelpOfMysql2pgsql) { expect_golden("tests/golden/help_mysql2pgsql.txt", help_text(Program::mysql2pgsql)); }

TEST(Golden, HelpOfPgsql2pgsql) { expect_golden("tests/golden/help_pgsql2pgsql.txt", help_text(Program::pgsql2pgsql)); }

TEST(Golden, SampleConfig) { expect_golden("my.cfg.sample", sample_config()); }

TEST(SampleConfig, IsAcceptedAsItStands) {
  for (const Program program : {Program::mysql2pgsql, Program::pgsql2pgsql}) {
    const Config config = parse_config(sample_config(), "my.cfg.sample", program, true);
    EXPECT_TRUE(config.warnings.empty());
    EXPECT_EQ(config.src_mysql.host, "192.168.1.1");
    EXPECT_FALSE(config.src_pgsql.empty());
    EXPECT_FALSE(config.desc_pgsql.empty());
  }
}

// What stands there as a comment must work once the # is taken away.
TEST(SampleConfig, IsAcceptedWithEveryKey) {
  std::string text = sample_config();
  for (std::size_t at = 0; (at = text.find("\n#", at)) != std::string::npos; ++at)
    if (text[at + 2] >= 'a' && text[at + 2] <= 'z') text.erase(at + 1, 1);
  const Config config = parse_config(text, "my.cfg.sample", Program::mysql2pgsql, true);
  EXPECT_EQ(config.src_mysql.ssl_mode, "required");
  EXPECT_FALSE(config.local_pgsql.empty());
  EXPECT_EQ(config.load_batch, 10U);
  EXPECT_EQ(config.target_schema, "public");
}

}  // namespace
}  // namespace dbsync
