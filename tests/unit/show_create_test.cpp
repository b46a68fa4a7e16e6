// The pieces of SHOW CREATE TABLE, and which account of a definition is believed.
#include "mysql2pgsql/schema/show_create.h"

#include <gtest/gtest.h>

#include "mysql2pgsql/schema/shown_text.h"

namespace dbsync {
namespace {

constexpr char kMysql[] = R"(CREATE TABLE `t,(` (
  `id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'a, ''b'') \' CHECK (x)',
  `e` enum('DEFAULT ''x''','b,)') CHARACTER SET utf8mb4 NOT NULL DEFAULT 0xF09F918D,
  `d``q` decimal(10,2) DEFAULT '1.50',
  `ts` timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  `x` varchar(20) DEFAULT (concat(_utf8mb4'é)',_utf8mb4'????')) COMMENT 'DEFAULT 5',
  `g` varchar(50) GENERATED ALWAYS AS (concat(`x`,_utf8mb4'\')(')) STORED NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `k 1` (`d``q` DESC,(lower(`x`)),`x`(3)),
  CONSTRAINT `c1` CHECK (((`id` > 0) and (`x` <> _utf8mb4')'))) /*!80016 NOT ENFORCED */,
  CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `o` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='PARTITION p9 VALUES IN (1)'
/*!50100 PARTITION BY RANGE (`id`)
(PARTITION p0 VALUES LESS THAN (10) COMMENT = 'VALUES' ENGINE = InnoDB,
 PARTITION `p 1` VALUES LESS THAN (18446744073709551615) ENGINE = InnoDB,
 PARTITION p2 VALUES LESS THAN MAXVALUE ENGINE = InnoDB) */)";

TEST(ShowCreate, IsCutIntoItsPieces) {
  const auto shown = parse_show_create(kMysql);
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->columns.size(), 6U);
  EXPECT_EQ(shown->columns.at("id").default_sql, "");
  EXPECT_EQ(shown->columns.at("id").check, "");
  EXPECT_EQ(shown->columns.at("e").default_sql, "0xF09F918D");
  EXPECT_EQ(shown->columns.at("d`q").default_sql, "'1.50'");
  EXPECT_EQ(shown->columns.at("ts").default_sql, "CURRENT_TIMESTAMP");
  EXPECT_EQ(shown->columns.at("x").default_sql,
            "concat(_utf8mb4'é)',_utf8mb4'????"
            "')");
  EXPECT_EQ(shown->columns.at("g").generated, "concat(`x`,_utf8mb4'\\')(')");
  EXPECT_EQ(shown->keys.at("PRIMARY"), (std::vector<std::string>{"`id`"}));
  EXPECT_EQ(shown->keys.at("k 1"), (std::vector<std::string>{"`d``q` DESC", "(lower(`x`))", "`x`(3)"}));
  EXPECT_EQ(shown->checks.at("c1"), "((`id` > 0) and (`x` <> _utf8mb4')'))");
  EXPECT_EQ(shown->partition_values.at("p0"), "10");
  EXPECT_EQ(shown->partition_values.at("p 1"), "18446744073709551615");
  EXPECT_EQ(shown->partition_values.at("p2"), "MAXVALUE");
  EXPECT_EQ(shown->partition_values.size(), 3U);
  EXPECT_TRUE(shown->foreign_keys);
}

TEST(ShowCreate, OfMariadb) {
  const auto shown = parse_show_create(R"(CREATE TABLE `t` (
  `a` int(11) DEFAULT NULL CHECK (`a` > 0),
  `b` varchar(9) /*M!100301 COMPRESSED*/ DEFAULT concat('🚀','x') COMMENT 'c',
  `c` datetime /* mariadb-5.3 */ DEFAULT (1 + 2) * 3,
  `s` timestamp(6) GENERATED ALWAYS AS ROW START,
  PRIMARY KEY (`a`,`p` WITHOUT OVERLAPS),
  PERIOD FOR SYSTEM_TIME (`s`, `e`),
  CONSTRAINT `n` CHECK (`b` <> 'it''s')
) ENGINE=InnoDB WITH SYSTEM VERSIONING
 PARTITION BY LIST  COLUMNS(`b`)
(PARTITION `p0` VALUES IN ('a',_utf8mb4 0xf09f9a80) ENGINE = InnoDB,
 PARTITION `p1` DEFAULT ENGINE = InnoDB))");
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->columns.at("a").default_sql, "NULL");
  EXPECT_EQ(shown->columns.at("a").check, "`a` > 0");
  EXPECT_EQ(shown->columns.at("b").default_sql, "concat('🚀','x')");
  EXPECT_EQ(shown->columns.at("c").default_sql, "(1 + 2) * 3");
  EXPECT_EQ(shown->columns.at("s").generated, "");
  EXPECT_EQ(shown->keys.at("PRIMARY"), (std::vector<std::string>{"`a`", "`p` WITHOUT OVERLAPS"}));
  EXPECT_FALSE(shown->foreign_keys);
  EXPECT_EQ(shown->checks.at("n"), "`b` <> 'it''s'");
  EXPECT_EQ(shown->partition_values.at("p0"), "'a',_utf8mb4 0xf09f9a80");
  EXPECT_FALSE(shown->partition_values.contains("p1"));
}

TEST(ShowCreate, CutAnywhereGivesNoMoreThanIsThere) {
  const std::string whole = kMysql;
  for (std::size_t length = 0; length < whole.size(); ++length)
    if (const auto shown = parse_show_create(whole.substr(0, length))) {
      EXPECT_LE(shown->columns.size(), 6U);
      EXPECT_LE(shown->partition_values.size(), 3U);
    }
  EXPECT_FALSE(parse_show_create("CREATE TABLE `t` (`a` int"));
  EXPECT_FALSE(parse_show_create("CREATE VIEW v AS SELECT 1"));
  EXPECT_FALSE(parse_show_create(""));
}

TEST(BelievedExpression, OfMariadbIsWhatShowCreateTableShows) {
  EXPECT_EQ(believed_expression("concat(`s`,'????"
                                "')",
                                "concat(`s`,'🚀')", true),
            "concat(`s`,'🚀')");
  EXPECT_EQ(believed_expression("concat(`s`,'é')", "", true), "concat(`s`,'é')");
  EXPECT_EQ(believed_expression("concat(`s`,'?')", "", true), "concat(`s`,'\uFFFD')");
}

// The listed text has been encoded twice.
TEST(BelievedExpression, OfMysqlIsShownAndConfirmed) {
  EXPECT_EQ(believed_expression("concat(`s`,_utf8mb4\\'Ã©\\')", "concat(`s`,_utf8mb4'é')", false),
            "concat(`s`,_utf8mb4'é')");
  const std::string twice = "(`v` <> _utf8mb4\\'\xc3\xb0\xc2\x9f\xc2\x9a\xc2\x80\xc3\x83\xc2\xa9\\')";
  EXPECT_EQ(believed_expression(twice, "(`v` <> _utf8mb4'????é')", false), "(`v` <> _utf8mb4'🚀é')");
  EXPECT_EQ(believed_expression("_utf8mb4\\'????\\'",
                                "_utf8mb4'????"
                                "'",
                                false),
            "_utf8mb4'????"
            "'")
      << "question marks indeed";
  EXPECT_EQ(believed_expression("_utf8mb4\\'other\\'",
                                "_utf8mb4'????"
                                "'",
                                false),
            "_utf8mb4'\uFFFD'")
      << "they disagree";
  EXPECT_EQ(believed_expression("_utf8mb4\\'é?\\'", "", false), "_utf8mb4\\'\uFFFD\uFFFD\\'") << "nothing confirms it";
}

TEST(BelievedLiteral, IsCertainOrNothing) {
  MysqlType text;
  text.kind = MysqlKind::varchar;
  text.collation = "utf8mb4_general_ci";
  EXPECT_EQ(believed_literal("'ä'", text, false), "ä");
  EXPECT_FALSE(believed_literal("'a?'", text, false));
  EXPECT_EQ(believed_literal("'a?'", text, true), "a?") << "MySQL 8 would have written 0x";
  EXPECT_EQ(believed_literal("0xF09F9A80", text, true), "🚀");
  EXPECT_FALSE(believed_literal("NULL", text, true));
  EXPECT_FALSE(believed_literal("", text, true));
  text.collation = "latin1_swedish_ci";
  EXPECT_EQ(believed_literal("'a?'", text, false), "a?") << "Latin-1 has no characters of four bytes";
  text.collation = "gb18030_chinese_ci";
  EXPECT_FALSE(believed_literal("0x8130", text, true)) << "bytes of another character set";
  MysqlType bytes;
  bytes.kind = MysqlKind::varbinary;
  EXPECT_EQ(believed_literal("0x00FF5C", bytes, true), std::string("\0\xff\\", 3));
  EXPECT_EQ(believed_literal("'ab\\0'", bytes, false), std::string("ab\0", 3));
  EXPECT_FALSE(believed_literal("'\\0?'", bytes, false)) << "? may have been any byte";
  EXPECT_FALSE(believed_literal("'ä'", bytes, false));
}

}  // namespace
}  // namespace dbsync
