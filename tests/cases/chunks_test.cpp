// Large tables are cut into chunks by whatever key they have. Together the chunks
// hold every row once: counts and a checksum over the rows' texts, computed by
// either server on its own, are equal.
#include <functional>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/migration.h"

namespace dbsync::test {

namespace {

constexpr int kRows = 2500;
constexpr std::size_t kBatch = 500;
const std::vector<std::string> kCopy = {"mysql2pgsql", "--create", "--chunk-size", "64kB",
                                        "-j",          "4",        "--report",     "report.json"};

// Keys drawn with a fixed seed.
class Draw {
 public:
  std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
  std::uint64_t any() { return engine_(); }

  // A literal of `least` to `most` bytes of the given ones; all 256 when there are none.
  std::string bytes(std::size_t least, std::size_t most, std::string_view of = {}) {
    std::string out = "X'";
    const std::size_t length = least + below(most - least + 1);
    for (std::size_t i = 0; i < length; ++i) {
      const auto byte =
          of.empty() ? static_cast<unsigned char>(below(256)) : static_cast<unsigned char>(of[below(of.size())]);
      out += fmt::format("{:02x}", byte);
    }
    return out + "'";
  }

 private:
  std::mt19937_64 engine_{20240607};
};

struct KeyCase {
  std::string name;
  std::string columns;                         // their definitions
  std::string key;                             // definition of the key, and what follows it
  std::string names;                           // of the columns, for INSERT
  std::function<std::string(Draw&, int)> one;  // a key's literals; those that are there already are left out
  bool cut = true;
  std::string source_text = "k";  // the key as the same text on both sides
  std::string target_text = "k::text";
  std::size_t least_chunks = 2;
  std::string options = "";  // behind the closing bracket
};

void PrintTo(const KeyCase& c, std::ostream* out) { *out << c.name; }

constexpr char kLetters[] = "abcABCxyzXYZ'\\ \"%";
constexpr char kLatin[] = "abcABCzZ\xE5\xC5\xE4\xF6\xDF\xE9'\\";

KeyCase number_case(std::string name, std::string type, std::function<std::string(Draw&, int)> one) {
  return {std::move(name), "k " + type + " not null", ", primary key (k)", "k", std::move(one)};
}

std::string skewed(Draw& draw, int) {
  constexpr std::uint64_t kRange = 100000000;
  return std::to_string(draw.below(10) > 0 ? 7000000 + draw.below(kRange / 100) : draw.below(kRange));
}

std::vector<KeyCase> number_cases() {
  const auto text = [](auto value) { return std::to_string(value); };
  return {
      number_case("Dense", "int", [=](Draw&, int i) { return text(i); }),
      number_case("DenseWithHoles", "mediumint unsigned", [=](Draw& d, int) { return text(d.below(2 * kRows)); }),
      number_case("Sparse", "bigint", [=](Draw& d, int) { return text(static_cast<std::int64_t>(d.any())); }),
      number_case("Skewed", "int", skewed),
      number_case("Negative", "int", [=](Draw& d, int) { return text(-1 - static_cast<int>(d.below(2000000000))); }),
      number_case("NegativeDense", "smallint", [=](Draw&, int i) { return text(i - 32768); }),
      number_case(
          "UnsignedBeyondSigned", "bigint unsigned",
          [=](Draw& d, int) { return text(d.below(3) == 0 ? d.below(5000) : ~std::uint64_t{0} - d.below(9000)); }),
      number_case("Decimal", "decimal(20,0)",
                  [=](Draw& d, int) { return (d.below(2) == 0 ? "-9" : "9") + fmt::format("{:019}", d.any() / 2); }),
      number_case("DecimalWithFraction", "decimal(20,3)",
                  [=](Draw& d, int) { return fmt::format("{}.{:03}", d.below(900), d.below(1000)); }),
  };
}

std::vector<KeyCase> text_cases() {
  KeyCase ci = number_case("TextGeneralCi", "varchar(40) character set utf8mb4 collate utf8mb4_general_ci",
                           [](Draw& d, int) { return d.bytes(0, 12, kLetters); });
  ci.target_text = "k";
  KeyCase latin = ci;
  latin.name = "TextLatin1SwedishCi";
  latin.columns = "k varchar(40) character set latin1 collate latin1_swedish_ci not null";
  latin.one = [](Draw& d, int) { return d.bytes(0, 10, kLatin); };
  latin.source_text = "convert(k using utf8mb4)";
  KeyCase bin = ci;
  bin.name = "CharBin";
  bin.columns = "k char(12) character set utf8mb4 collate utf8mb4_bin not null";
  bin.target_text = "rtrim(k)";
  bin.source_text = "rtrim(k)";
  KeyCase binary{"Binary16",
                 "k binary(16) not null",
                 ", primary key (k)",
                 "k",
                 [](Draw& d, int) { return d.bytes(16, 16); },
                 true,
                 "hex(k)",
                 "upper(encode(k, 'hex'))"};
  KeyCase varbinary = binary;
  varbinary.name = "Varbinary";
  varbinary.columns = "k varbinary(20) not null";
  varbinary.one = [](Draw& d, int) { return d.bytes(0, 20, std::string_view("\0\x01\x7F\xFF'\\", 6)); };
  return {ci, latin, bin, binary, varbinary};
}

KeyCase uuid_case() {
  return number_case("Uuid", "uuid", [](Draw& d, int) {
    return fmt::format("'{:08x}-{:04x}-1{:03x}-8{:03x}-{:012x}'", d.below(1ULL << 32), d.below(1 << 16),
                       d.below(1 << 12), d.below(1 << 12), d.below(1ULL << 48));
  });
}

std::vector<KeyCase> time_cases() {
  KeyCase datetime{"Datetime",
                   "k datetime(6) not null",
                   ", primary key (k)",
                   "k",
                   [](Draw& d, int) {
                     return fmt::format("timestamp'2024-02-{:02} {:02}:{:02}:{:02}.{:06}'", 1 + d.below(29),
                                        d.below(24), d.below(60), d.below(60), d.below(1000000));
                   },
                   true,
                   "date_format(k, '%Y-%m-%d %H:%i:%s.%f')",
                   "to_char(k, 'YYYY-MM-DD HH24:MI:SS.US')"};
  KeyCase stamp = datetime;
  stamp.name = "Timestamp";
  stamp.columns = "k timestamp(6) not null default current_timestamp(6)";
  KeyCase date{"DateOfTwo",
               "k date not null, b time not null",
               ", primary key (k, b)",
               "k, b",
               [](Draw& d, int) {
                 return fmt::format("date'2024-03-{:02}', time'{:02}:{:02}:{:02}'", 1 + d.below(5), d.below(24),
                                    d.below(60), d.below(60));
               },
               true,
               "concat(k, ' ', b)",
               "k::text || ' ' || b::text"};
  return {datetime, stamp, date};
}

std::vector<KeyCase> composite_cases() {
  KeyCase two{"TwoNumbers",
              "k int not null, b int not null",
              ", primary key (k, b)",
              "k, b",
              [](Draw& d, int) { return fmt::format("{}, {}", d.below(7), static_cast<int>(d.below(9000)) - 4000); },
              true,
              "concat(k, ',', b)",
              "concat(k, ',', b)"};
  KeyCase mixed{"TextAndNumber",
                "k varchar(20) character set utf8mb4 collate utf8mb4_general_ci not null, b int not null",
                ", primary key (k, b)", "k, b",
                // Few letters in either case: many rows are equal in the first column and not in its bytes.
                [](Draw& d, int) { return fmt::format("{}, {}", d.bytes(1, 2, "abAB"), d.below(300)); }, true,
                "concat(k, ',', b)", "concat(k, ',', b)"};
  KeyCase three{"ThreeColumns",
                "k varchar(9) character set latin1 collate latin1_swedish_ci not null, b bigint unsigned not null, "
                "c varbinary(8) not null",
                ", primary key (k, b, c)",
                "k, b, c",
                [](Draw& d, int) {
                  return fmt::format("{}, {}, {}", d.bytes(1, 1, "aAbB"), ~std::uint64_t{0} - d.below(3),
                                     d.bytes(2, 8));
                },
                true,
                "concat(convert(k using utf8mb4), ',', b, ',', hex(c))",
                "concat(k, ',', b, ',', upper(encode(c, 'hex')))"};
  return {two, mixed, three};
}

std::vector<KeyCase> other_keys() {
  const auto serial = [](Draw&, int i) { return std::to_string(i); };
  KeyCase unique = number_case("UniqueWithoutPrimary", "int", serial);
  unique.key = ", unique (k)";
  KeyCase nullable = unique;
  nullable.name = "NullableUnique";
  nullable.columns = "k int";
  nullable.cut = false;
  KeyCase none = unique;
  none.name = "NoKey";
  none.key = "";
  none.cut = false;
  KeyCase real = number_case("FloatingPoint", "double", serial);
  real.source_text = "round(k)";
  real.cut = false;
  KeyCase prefix = number_case("PrefixOfUnique", "varchar(60) character set latin1",
                               [](Draw&, int i) { return fmt::format("'{:06}'", i); });
  prefix.key = ", unique (k(9))";
  prefix.target_text = "k";
  prefix.cut = false;
  return {unique, nullable, none, real, prefix};
}

std::vector<KeyCase> partition_cases() {
  const auto serial = [](Draw&, int i) { return std::to_string(i); };
  KeyCase range = number_case("RangePartitions", "int", serial);
  range.options =
      " partition by range (k) (partition small values less than (10), "
      "partition large values less than (2000), partition rest values less than maxvalue)";
  range.least_chunks = 6;
  KeyCase hash = number_case("HashPartitions", "int", serial);
  hash.options = " partition by hash (k) partitions 2";
  hash.least_chunks = 5;
  KeyCase composite{"PartitionsOfATwoColumnKey",
                    "k int not null, b int not null",
                    ", primary key (b, k)",
                    "k, b",
                    [](Draw& d, int i) { return fmt::format("{}, {}", i, d.below(5)); },
                    true,
                    "concat(k, ',', b)",
                    "concat(k, ',', b)",
                    6,
                    range.options};
  KeyCase no_key = range;
  no_key.name = "PartitionsWithoutKey";
  no_key.key = "";
  no_key.least_chunks = 3;
  return {range, hash, composite, no_key};
}

std::vector<KeyCase> all_cases() {
  std::vector<KeyCase> out;
  for (auto cases : {number_cases(), text_cases(), time_cases(), composite_cases(), other_keys(), partition_cases()})
    out.insert(out.end(), cases.begin(), cases.end());
  out.push_back(uuid_case());
  return out;
}

class ChunksTest : public MigrationTest {
 protected:
  // no: a number of the row's own; body: makes the table large.
  void fill(const KeyCase& c) {
    source.exec(fmt::format("create table t (no int not null, {}, body varchar(300) not null{}){}", c.columns, c.key,
                            c.options));
    Draw draw;
    std::string values;
    for (int i = 1; i <= kRows; ++i) {
      values += fmt::format("{}({}, {}, repeat(md5('{}'), {}))", values.empty() ? "" : ", ", i, c.one(draw, i), i,
                            5 + draw.below(4));
      if (i % static_cast<int>(kBatch) != 0) continue;
      source.exec(fmt::format("insert ignore into t (no, {}, body) values {}", c.names, values));
      values.clear();
    }
    source.exec("analyze table t");
  }

  // An order-free checksum; each row's text is `text`.
  Rows source_sum(const std::string& from, const std::string& text) {
    return source.query(
        fmt::format("select count(*), count(distinct no), "
                    "sum(cast(conv(left(md5(concat_ws('|', no, {}, body)), 8), 16, 10) as unsigned)) from {}",
                    text, from));
  }
  Rows target_sum(const std::string& from, const std::string& text) {
    return target.query(
        fmt::format("select count(*), count(distinct no), "
                    "sum(('x' || left(md5(concat_ws('|', no, {}, body)), 8))::bit(32)::bigint) from {}",
                    text, from));
  }
};

class ChunkedKeys : public ChunksTest, public ::testing::WithParamInterface<KeyCase> {};

TEST_P(ChunkedKeys, HoldEveryRowOnce) {
  const KeyCase& c = GetParam();
  const bool mariadb = source.is_mariadb();
  if (c.name == "Uuid" && (!mariadb || source.query("select version() regexp '^10[.][0-6][.]'")[0][0] == "1"))
    GTEST_SKIP() << "needs MariaDB 10.7";
  fill(c);
  const RunResult result = run(kCopy);
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  const Rows expected = source_sum("t", c.source_text);
  EXPECT_GT(std::stoi(expected[0][0].value_or("0")), kRows / 5) << "too few different keys were drawn";
  EXPECT_EQ(difference(expected, target_sum("t", c.target_text)), "");
  const auto json = report_table("t");
  if (c.cut)
    EXPECT_GE(json.at("chunks"), c.least_chunks) << json;
  else
    EXPECT_EQ(json.at("chunks"), 1) << json;
  EXPECT_EQ(json.at("chunks_done"), json.at("chunks"));
  EXPECT_EQ(std::to_string(json.at("rows").get<long>()), expected[0][0]);
}

INSTANTIATE_TEST_SUITE_P(Chunks, ChunkedKeys, ::testing::ValuesIn(all_cases()),
                         [](const auto& c) { return c.param.name; });

TEST_F(ChunksTest, WithSizeZeroNothingIsCut) {
  fill(number_cases()[0]);
  std::vector<std::string> args = kCopy;
  args[3] = "0";
  const RunResult result = run(args);
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(report_table("t").at("chunks"), 1);
  EXPECT_EQ(target.value("select count(*) from t"), std::to_string(kRows));
}

TEST_F(ChunksTest, TablesBelowTheSizeAreNotCut) {
  fill(number_cases()[0]);
  std::vector<std::string> args = kCopy;
  args[3] = "64MB";
  ASSERT_EQ(run(args).exit_code, 0);
  EXPECT_EQ(report_table("t").at("chunks"), 1);
}

// A filled target of a cut table is emptied once, before the first chunk.
TEST_F(ChunksTest, TruncateEmptiesACutTableOnce) {
  fill(number_cases()[0]);
  ASSERT_EQ(run(kCopy).exit_code, 0);
  target.exec("insert into t (no, k, body) values (-1, -1, 'of before')");
  std::vector<std::string> args = kCopy;
  args[1] = "--truncate";
  const RunResult result = run(args);
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_GT(report_table("t").at("chunks"), 1);
  EXPECT_EQ(difference(source_sum("t", "k"), target_sum("t", "k::text")), "");
}

// Rows that a table's estimate does not know of: it was filled after ANALYZE.
TEST_F(ChunksTest, KeysBeyondTheEstimateArriveToo) {
  KeyCase c = number_cases()[0];
  c.options = " stats_persistent=1 stats_auto_recalc=0";
  fill(c);
  source.exec("insert into t select no + 100000, k + 1000000000, body from t");
  source.exec("insert into t select no + 200000, -k, body from t where k < 1000000");
  const RunResult result = run(kCopy);
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(difference(source_sum("t", "k"), target_sum("t", "k::text")), "");
  EXPECT_GT(report_table("t").at("chunks"), 1);
}

// MySQL 5.6 stores the rows of each subquery before it looks at a condition on them: a
// query that is cut would run as often as it has chunks.
bool cuts_queries(SourceDb& source) { return !source.version().starts_with("5.6"); }

struct QueryCase {
  const char* name;
  const char* query;
  bool cut;
};

void PrintTo(const QueryCase& c, std::ostream* out) { *out << c.name; }

class ChunkedQueries : public ChunksTest, public ::testing::WithParamInterface<QueryCase> {};

TEST_P(ChunkedQueries, GiveEveryRowOnce) {
  fill(number_cases()[0]);
  source.exec(
      "create table few (n int not null, word varchar(20)); "
      "insert into few select k * 2, concat('w', k) from t where k % 3 = 0");
  table_list(fmt::format("q : {}\n", GetParam().query));
  std::vector<std::string> args = kCopy;
  args.insert(args.end(), {"-l", "tab_list.txt"});
  const RunResult result = run(args);
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  const std::string rows = "select coalesce(k, -1), coalesce(n, -1) from {} order by 1, 2";
  const Rows expected = source.query(fmt::format(fmt::runtime(rows), fmt::format("({}\n) as x", GetParam().query)));
  EXPECT_GT(expected.size(), 100u);
  EXPECT_EQ(difference(expected, target.query(fmt::format(fmt::runtime(rows), "q"))), "");
  if (GetParam().cut && cuts_queries(source))
    EXPECT_GT(report_table("q").at("chunks"), 1);
  else
    EXPECT_EQ(report_table("q").at("chunks"), 1);
}

INSTANTIATE_TEST_SUITE_P(
    Chunks, ChunkedQueries,
    ::testing::Values(
        QueryCase{"Plain", "select k, no as n, body from t", true},
        QueryCase{"Filter", "select k, no as n, body from t where no % 2 = 0 and body <> 'x' -- half", true},
        QueryCase{"RenamedKey", "select t.k as `k`, body, no n from t where k > 100 or k < 50", true},
        QueryCase{"Join", "select t.k, few.n, word from t join few on few.n = t.k", true},
        QueryCase{"JoinThatRepeatsTheKey", "select t.k, few.n from t join few on few.n between t.k - 5 and t.k + 5",
                  true},
        // Where nothing matches, the key is NULL.
        QueryCase{"OuterJoin", "select t.k, few.n, word from few left join t on few.n = t.k", true},
        QueryCase{"SelfJoin", "select a.k, b.k as n from t a join t b on b.no = a.k + 1", true},
        QueryCase{"WithoutTheKey", "select no as k, no as n from t", false},
        QueryCase{"KeyInAnExpression", "select k + 0 as k, no as n from t", false},
        QueryCase{"GroupBy", "select k, max(no) as n from t group by k", false},
        QueryCase{"Distinct", "select distinct k, no as n from t", false},
        QueryCase{"Limit", "select k, no as n from t order by k limit 2000", false},
        QueryCase{"Union", "select k, no as n from t where k > 9 union all select k, no from t where k <= 9", false}),
    [](const auto& c) { return std::string(c.param.name); });

TEST_F(ChunksTest, SeveralLinesFeedOneTable) {
  fill(number_cases()[0]);
  table_list("q : select * from t where k <= 1000\nq : select * from t where k > 1000\n");
  std::vector<std::string> args = kCopy;
  args.insert(args.end(), {"-l", "tab_list.txt"});
  const RunResult result = run(args);
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(difference(source_sum("t", "k"), target_sum("q", "k::text")), "");
  const auto json = report();
  for (const auto& entry : json.at("tables")) EXPECT_GT(entry.at("chunks"), cuts_queries(source) ? 1 : 0) << entry;
}

}  // namespace

}  // namespace dbsync::test
