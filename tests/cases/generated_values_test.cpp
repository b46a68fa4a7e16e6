// Random expressions over random rows as generated columns: whatever becomes of
// them on the target, the comparison must find the source's values, since those
// that the target would compute otherwise became ordinary columns.
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/migration.h"

namespace dbsync::test {

namespace {

constexpr int kTables = 8;
constexpr int kRows = 40;
constexpr int kColumns = 24;  // generated ones of each table

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}

  std::size_t below(std::size_t limit) { return engine_() % limit; }
  template <class... Texts>
  std::string one_of(Texts... texts) {
    const std::vector<std::string> all{texts...};
    return all[below(all.size())];
  }

 private:
  std::mt19937_64 engine_;
};

// Expressions of the source: of each kind, and mixtures of them.
class Expressions {
 public:
  explicit Expressions(Draw& draw) : draw_(draw) {}

  std::string any() {
    switch (draw_.below(4)) {
      case 0: return number(2);
      case 1: return text(2);
      case 2: return condition(2);
      default: return draw_.below(2) == 0 ? date() : number(1);
    }
  }

  std::string type() {
    return draw_.one_of("tinyint", "tinyint unsigned", "smallint", "mediumint unsigned", "int", "int unsigned",
                        "bigint", "bigint unsigned", "decimal(5,2)", "decimal(12,4)", "decimal(10,0) unsigned", "float",
                        "double", "double unsigned", "varchar(3)", "varchar(12)", "varchar(200)", "char(5)", "char(40)",
                        "tinytext", "text", "varchar(20) character set latin1", "varchar(30) character set ascii",
                        "varbinary(4)", "binary(6)", "varbinary(100)", "date", "datetime", "datetime(3)");
  }

 private:
  std::string integer() {
    return draw_.one_of("t", "i", "u", "y", "5", "-3", "100", "0", "length(b)", "char_length(s)", "year(da)",
                        "month(dt)", "dayofweek(da)", "weekday(dt)", "datediff(dt, da)", "quarter(da)", "hour(dt)",
                        "to_days(da)");
  }

  std::string number(int depth) {
    if (depth == 0) return draw_.below(3) == 0 ? draw_.one_of("d", "e", "1.5", "0.005", "f") : integer();
    const std::string a = number(depth - 1);
    const std::string b = number(depth - 1);
    switch (draw_.below(14)) {
      case 0: return fmt::format("({} + {})", a, b);
      case 1: return fmt::format("({} - {})", a, b);
      case 2: return fmt::format("({} * {})", a, b);
      case 3: return fmt::format("({} div 7)", integer());
      case 4: return fmt::format("({} % 7)", integer());
      case 5: return fmt::format("abs({})", a);
      case 6: return fmt::format("round({}, {})", a, draw_.below(3));
      case 7: return fmt::format("{}({})", draw_.one_of("floor", "ceil", "sign", "-", "round"), a);
      case 8: return fmt::format("if({}, {}, {})", condition(depth - 1), a, b);
      case 9: return fmt::format("coalesce({}, {}, 7)", a, b);
      case 10: return fmt::format("truncate({}, 1)", a);
      case 11: return fmt::format("cast({} as {})", a, draw_.one_of("signed", "decimal(20,3)", "unsigned"));
      case 12: return fmt::format("nullif({}, {})", a, b);
      default: return fmt::format("({} / {})", a, b);
    }
  }

  std::string text(int depth) {
    if (depth == 0) return draw_.one_of("s", "ci", "c", "l1", "en", "'x'", "'Abc '", "''", "'é'");
    const std::string a = text(depth - 1);
    const std::string b = text(depth - 1);
    switch (draw_.below(14)) {
      case 0: return fmt::format("concat({}, {})", a, b);
      case 1: return fmt::format("concat({}, '-', {})", a, integer());
      case 2: return fmt::format("left({}, {})", a, draw_.below(5));
      case 3: return fmt::format("right({}, {})", a, draw_.below(5));
      case 4: return fmt::format("substr({}, {}, {})", a, 1 + draw_.below(3), draw_.below(4));
      case 5: return fmt::format("{}({})", draw_.one_of("upper", "lower"), a);
      case 6: return fmt::format("{}({})", draw_.one_of("trim", "ltrim", "rtrim", "reverse"), a);
      case 7: return fmt::format("replace({}, 'a', {})", a, draw_.one_of("'bb'", "''", "'c'"));
      case 8: return fmt::format("if({}, {}, {})", condition(depth - 1), a, b);
      case 9: return fmt::format("ifnull({}, {})", a, b);
      case 10: return fmt::format("md5({})", a);
      case 11: return fmt::format("case {} when 1 then {} else {} end", integer(), a, b);
      case 12: return fmt::format("nullif({}, {})", a, b);
      default: return fmt::format("cast({} as char({}))", a, 1 + draw_.below(6));
    }
  }

  std::string condition(int depth) {
    switch (draw_.below(8)) {
      case 0:
        return fmt::format("({} {} {})", number(0), draw_.one_of("<", "<=", "=", "<>", ">", "<=>"),
                           number(depth > 0 ? 1 : 0));
      case 1: return fmt::format("(s {} 'abc')", draw_.one_of("=", "<>", "<=>"));
      case 2: return fmt::format("({} = {})", text(0), text(0));
      case 3: return fmt::format("({} is null)", depth > 0 ? any() : "s");
      case 4: return fmt::format("(da {} '2020-02-29')", draw_.one_of("<", ">=", "="));
      case 5: return fmt::format("({} in (1, 2, 100))", integer());
      case 6: return fmt::format("({} between 0 and 50)", number(0));
      default:
        return depth > 0 ? fmt::format("({} {} {})", condition(depth - 1), draw_.one_of("and", "or", "xor"),
                                       condition(depth - 1))
                         : "t";
    }
  }

  std::string date() {
    return draw_.one_of("da", "dt", "date(dt)", "if(t > 0, da, null)", "coalesce(dt, '2001-02-03 04:05:06')");
  }

  Draw& draw_;
};

// Zero dates and letters beyond ASCII make ordinary columns of much, so not all tables have them.
struct Values {
  bool beyond_ascii = false;
  bool zero_dates = false;
};

std::string row(Draw& draw, int id, const Values& values) {
  const auto letters = [&](std::string text, const char* ascii) {
    return values.beyond_ascii ? text : std::string(ascii);
  };
  const auto dates = [&](std::string text, const char* usual) { return values.zero_dates ? text : std::string(usual); };
  const auto nullable = [&](std::string value) { return draw.below(8) == 0 ? std::string("null") : value; };
  return fmt::format(
      "({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})", id,
      nullable(draw.one_of("-128", "127", "0", "1", "-1", "50")),
      nullable(draw.one_of("-2147483648", "2147483647", "0", "3", "-7", "12345")),
      nullable(draw.one_of("0", "4294967295", "1", "5", "9")), nullable(draw.one_of("1970", "2024", "0")),
      nullable(draw.one_of("99999999.99", "-99999999.99", "0.005", "-0.5", "12.50", "2.5")),
      nullable(draw.one_of("0.0045", "-1.5", "9999.9999", "2")), nullable(draw.one_of("0", "1.5", "-2.5e10", "1e-3")),
      nullable(draw.one_of("'abc'", "'abc '", "'ABC'", "''", letters("'Straße'", "'Strasse'"), "'a b c d e f g h i'")),
      nullable(draw.one_of("'abc'", "'ABC'", letters("'é'", "'e'"), "'E'", "'zzzzzzzzzzzzzzzzzzzz'",
                           letters("'😀'", "':)'"))),
      nullable(draw.one_of("'x'", "'abc'", "''", "'trail  '")),
      nullable(draw.one_of("'abc'", letters("'é'", "'e'"), letters("'ÅÄÖ'", "'AAO'"), "''")),
      nullable(draw.one_of("'a'", "'Bee'")), nullable(draw.one_of("x'00ff'", "x''", "x'6162636465666768'")),
      nullable(draw.one_of("'2020-02-29'", "'0001-01-01'", "'9999-12-31'", dates("'0000-00-00'", "'2024-06-05'"),
                           dates("'0000-05-06'", "'1582-10-10'"))),
      nullable(draw.one_of("'2020-02-29 23:59:59'", "'2024-12-31 00:00:00'", "'1000-01-01 12:30:00'",
                           dates("'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'"))));
}

std::string rows(Draw& draw, const Values& values) {
  std::string out;
  for (int id = 1; id <= kRows; ++id) out += (id > 1 ? ", " : "") + row(draw, id, values);
  return out;
}

constexpr char kNames[] = "id, t, i, u, y, d, e, f, s, ci, c, l1, en, b, da, dt";
constexpr char kColumnsOfTable[] =
    "id int primary key, t tinyint, i int, u int unsigned, y year, d decimal(10,2), e decimal(8,4), f double, "
    "s varchar(20) character set utf8mb4 collate utf8mb4_bin, ci varchar(20) character set utf8mb4, c char(10), "
    "l1 varchar(10) character set latin1, en enum('a','Bee'), b varbinary(8), da date, dt datetime";

}  // namespace

class GeneratedValuesTest : public MigrationTest {
 protected:
  // No expression of this server's, or one that has no value for a row, is none for a column.
  bool has_values(const std::string& table, const std::string& expression, const std::string& definition) {
    try {
      source.exec(fmt::format("create temporary table one ({}{}) engine = myisam", kColumnsOfTable, definition));
      source.exec("drop temporary table one");
      source.query(fmt::format("select max({}) from {}", expression, table));
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  }
};

TEST_F(GeneratedValuesTest, AreTheSourcesOrTheColumnIsOrdinary) {
  if (!source.is_mariadb() && source.version() < "5.7") GTEST_SKIP() << "needs generated columns";
  if (target.version() < 120000) GTEST_SKIP() << "generated columns came with PostgreSQL 12";
  const char* given = std::getenv("DBSYNC_EXPRESSION_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20261126;
  SCOPED_TRACE(fmt::format("DBSYNC_EXPRESSION_SEED={}", seed));
  Draw draw(seed);
  Expressions expressions(draw);
  source.exec("set sql_mode = ''");
  int made = 0;
  for (int table = 0; table < kTables; ++table) {
    source.exec(fmt::format("create table base{0} ({1}); insert into base{0} values {2}", table, kColumnsOfTable,
                            rows(draw, {table % 2 == 1, table % 4 == 3})));
    std::string columns;
    for (int column = 0; column < kColumns; ++column) {
      const std::string expression = expressions.any();
      const std::string definition = fmt::format(", g{} {} as ({}) stored", column, expressions.type(), expression);
      if (!has_values(fmt::format("base{}", table), expression, definition)) continue;
      columns += definition;
      ++made;
    }
    source.exec(fmt::format("create table t{0} ({1}{2}); insert into t{0} ({3}) select * from base{0}", table,
                            kColumnsOfTable, columns, kNames));
  }
  const RunResult run = this->run({"mysql2pgsql", "--create", "--verify"});
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  if (run.exit_code != 0)
    for (int i = 0; i < kTables; ++i)
      std::printf("%s\n", source.query(fmt::format("show create table t{}", i))[0][1]->c_str());
  const int kept = std::stoi(
      *target.query("select count(*) from pg_attribute where attgenerated = 's' and attname like 'g%'")[0][0]);
  EXPECT_GT(made, kTables * kColumns / 2);
  EXPECT_GT(kept, made / 20);
  RecordProperty("made", made);
  RecordProperty("kept", kept);
  std::printf("%d generated columns, %d of them on the target\n", made, kept);
}

}  // namespace dbsync::test
