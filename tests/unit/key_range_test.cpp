// Cutting by key ranges: limits of the arithmetic, the predicates' texts, and the
// bounds as properties over key sets drawn with fixed seeds.
#include "mysql2pgsql/source/key_range.h"

#include <algorithm>
#include <limits>
#include <random>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace dbsync {
namespace {

constexpr WideInt kInt64Least = std::numeric_limits<std::int64_t>::min();
constexpr WideInt kUint64Most = std::numeric_limits<std::uint64_t>::max();
constexpr char kDecimal37[] = "9999999999999999999999999999999999999";

TEST(WideInt, TextAndBackAtTheLimits) {
  for (const char* text :
       {"0", "1", "-1", "9", "10", "-10", "2147483648", "-9223372036854775808", "9223372036854775807",
        "9223372036854775808", "18446744073709551615", "18446744073709551616", kDecimal37}) {
    const auto value = parse_wide(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(wide_text(*value), text);
  }
  EXPECT_EQ(wide_text(kInt64Least), "-9223372036854775808");
  EXPECT_EQ(wide_text(kUint64Most), "18446744073709551615");
  EXPECT_TRUE(parse_wide("-9223372036854775808") == kInt64Least);
  EXPECT_TRUE(parse_wide("18446744073709551615") == kUint64Most);
  EXPECT_EQ(wide_text(*parse_wide(kDecimal37) * -1), std::string("-") + kDecimal37);
}

TEST(WideInt, LeastValueOfAllHasAText) {
  const WideInt least = static_cast<WideInt>(1) << 126;
  EXPECT_EQ(wide_text(-least - least), "-170141183460469231731687303715884105728");
}

TEST(WideInt, OtherTextsAreNoNumbers) {
  for (const char* text : {"", "-", "+1", " 1", "1 ", "1.0", "1e3", "--1", "0x10", "NULL", "1-",
                           "999999999999999999999999999999999999999", "-170141183460469231731687303715884105728"})
    EXPECT_FALSE(parse_wide(text)) << text;
}

TEST(WideInt, LeadingZerosDoNotCount) { EXPECT_TRUE(parse_wide("-0007") == WideInt{-7}); }

// A set of keys, and how many of them each chunk between the bounds holds.
struct KeySet {
  std::string name;
  std::set<WideInt> keys;

  WideInt least() const { return *keys.begin(); }
  WideInt most() const { return *keys.rbegin(); }
  std::uint64_t between(WideInt from, WideInt to) const {
    if (from > to) return 0;
    return static_cast<std::uint64_t>(std::distance(keys.lower_bound(from), keys.upper_bound(to)));
  }
  std::vector<std::uint64_t> chunk_sizes(const std::vector<WideInt>& bounds) const {
    std::vector<std::uint64_t> sizes(bounds.size() + 1, 0);
    for (const WideInt key : keys)
      ++sizes[static_cast<std::size_t>(std::upper_bound(bounds.begin(), bounds.end(), key) - bounds.begin())];
    return sizes;
  }
  KeyProbes honest_probes() const {
    return {[this](WideInt from, WideInt to) { return between(from, to); },
            [this](WideInt from) -> std::optional<WideInt> {
              const auto found = keys.lower_bound(from);
              return found == keys.end() ? std::nullopt : std::optional(*found);
            },
            [this](WideInt to) -> std::optional<WideInt> {
              const auto found = keys.upper_bound(to);
              return found == keys.begin() ? std::nullopt : std::optional(*std::prev(found));
            }};
  }
};

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t limit) { return limit == 0 ? engine_() : engine_() % limit; }  // 0: any number

 private:
  std::mt19937_64 engine_;
};

std::set<WideInt> draw_keys(std::size_t count, const std::function<WideInt()>& one) {
  std::set<WideInt> keys;
  while (keys.size() < count) keys.insert(one());
  return keys;
}

std::vector<KeySet> key_sets(std::uint64_t seed) {
  Draw draw(seed);
  const WideInt decimals = *parse_wide("500000000000000000");
  std::vector<KeySet> sets;
  sets.push_back({"dense", draw_keys(3000, [&, i = WideInt{0}]() mutable { return i++; })});
  sets.push_back({"every second", draw_keys(3000, [&] { return static_cast<WideInt>(draw.below(6000)); })});
  sets.push_back({"negative", draw_keys(3000, [&] { return -static_cast<WideInt>(draw.below(4000)) - 5; })});
  sets.push_back({"sparse", draw_keys(2000, [&] { return static_cast<WideInt>(draw.below(0)); })});
  sets.push_back({"signed", draw_keys(2000, [&] { return kInt64Least + static_cast<WideInt>(draw.below(0)); })});
  sets.push_back({"decimal", draw_keys(2000, [&] { return decimals * (static_cast<WideInt>(draw.below(0)) - 5); })});
  // 90 % of the rows in 1 % of the range.
  sets.push_back({"skewed", draw_keys(2000, [&] {
                    const std::uint64_t range = 1000000;
                    return static_cast<WideInt>(draw.below(10) > 0 ? draw.below(range / 100) : draw.below(range));
                  })});
  sets.push_back({"two heaps", draw_keys(2000, [&] {
                    return static_cast<WideInt>(draw.below(1500)) +
                           (draw.below(2) > 0 ? kUint64Most - 1500 : WideInt{0});
                  })});
  sets.push_back({"two keys", {kInt64Least, kUint64Most}});
  return sets;
}

void expect_inside_and_ascending(const KeySet& set, const std::vector<WideInt>& bounds) {
  WideInt last = set.least();
  for (const WideInt bound : bounds) {
    EXPECT_TRUE(bound > last) << wide_text(bound) << " behind " << wide_text(last);
    EXPECT_TRUE(bound <= set.most()) << wide_text(bound);
    last = bound;
  }
}

class Bounds : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, Bounds, testing::Range<std::uint64_t>(1, 9));

TEST_P(Bounds, EvenOnesAreInsideAndAscending) {
  Draw draw(GetParam());
  for (const KeySet& set : key_sets(GetParam()))
    for (const std::uint64_t chunks : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, 1 + draw.below(100),
                                       std::uint64_t{20000}, std::numeric_limits<std::uint64_t>::max()}) {
      SCOPED_TRACE(fmt::format("{}, {} chunks", set.name, chunks));
      expect_inside_and_ascending(set, even_bounds(set.least(), set.most(), chunks));
    }
}

// Of a dense key, the first three quarters of the chunks hold what was wanted and
// the last quarter's are a fourth of it.
TEST_P(Bounds, EvenOnesShareDenseKeys) {
  Draw draw(GetParam());
  const WideInt least = static_cast<WideInt>(draw.below(0)) - static_cast<WideInt>(draw.below(0));
  const std::uint64_t rows = 10000 + draw.below(1000);
  KeySet set{"dense", {}};
  for (std::uint64_t i = 0; i < rows; ++i) set.keys.insert(set.keys.end(), least + static_cast<WideInt>(i));
  for (const std::uint64_t chunks : {std::uint64_t{4}, 8 + draw.below(100)}) {
    const auto sizes = set.chunk_sizes(even_bounds(set.least(), set.most(), chunks));
    const std::uint64_t coarse = chunks - chunks / 4;
    ASSERT_EQ(sizes.size(), coarse + chunks / 4 * 4);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const std::uint64_t wanted = i < coarse ? rows / chunks : rows / chunks / 4;
      EXPECT_NEAR(static_cast<double>(sizes[i]), static_cast<double>(wanted), 2) << i << " of " << chunks;
    }
  }
}

TEST(EvenBounds, OfFewKeysAreAsManyAsKeysAllow) {
  EXPECT_TRUE(even_bounds(5, 5, 10).empty());
  EXPECT_TRUE(even_bounds(5, 500, 1).empty());
  for (const WideInt most : {WideInt{7}, WideInt{8}, WideInt{50}}) {
    const auto bounds = even_bounds(5, most, 100);
    EXPECT_TRUE(static_cast<WideInt>(bounds.size()) <= most - 5);
    EXPECT_FALSE(bounds.empty());
  }
}

TEST_P(Bounds, BisectedOnesHoldAboutTheWantedRows) {
  for (const KeySet& set : key_sets(GetParam()))
    for (const std::uint64_t rows : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{100}}) {
      SCOPED_TRACE(fmt::format("{}, {} rows", set.name, rows));
      const auto bounds = bisected_bounds(set.least(), set.most(), rows, set.honest_probes());
      expect_inside_and_ascending(set, bounds);
      const std::uint64_t wanted = std::max<std::uint64_t>(rows, 1);
      for (const std::uint64_t size : set.chunk_sizes(bounds)) {
        EXPECT_GE(size, 1u);
        EXPECT_LE(size, wanted + wanted / 2);
      }
      // Lopsided halves leave small chunks, but not many of them.
      EXPECT_LE(bounds.size() + 1, 4 * set.keys.size() / wanted + 64);
    }
}

// The server's estimates are guesses; whatever they say, the bounds stay in order
// and few, and nothing runs forever.
TEST_P(Bounds, BisectedOnesSurviveLyingEstimates) {
  for (const KeySet& set : key_sets(GetParam())) {
    Draw draw(GetParam() * 31);
    for (const std::uint64_t factor : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}}) {
      SCOPED_TRACE(fmt::format("{}, {}", set.name, factor));
      KeyProbes probes = set.honest_probes();
      probes.rows = [&](WideInt, WideInt) { return factor == 1 ? draw.below(400) : factor * 1000000; };
      const auto bounds = bisected_bounds(set.least(), set.most(), 100, probes);
      expect_inside_and_ascending(set, bounds);
      // Single keys are not cut, however many rows are promised.
      EXPECT_LT(bounds.size(), set.keys.size());
      EXPECT_TRUE(factor != 0 || bounds.empty());
      EXPECT_TRUE(factor != 1000 || bounds.size() == set.keys.size() - 1);
    }
  }
}

// Rows that go away under the probes' hands (the catalog was read before, or the
// snapshot is none).
TEST_P(Bounds, BisectedOnesSurviveRowsThatGoAway) {
  for (KeySet& set : key_sets(GetParam())) {
    SCOPED_TRACE(set.name);
    Draw draw(GetParam());
    KeySet left = set;
    KeyProbes probes = left.honest_probes();
    const auto rows = probes.rows;
    probes.rows = [&](WideInt from, WideInt to) {
      const std::uint64_t counted = rows(from, to);
      std::erase_if(left.keys, [&](WideInt) { return draw.below(3) == 0; });
      return counted;
    };
    expect_inside_and_ascending(set, bisected_bounds(set.least(), set.most(), 5, probes));
  }
}

TEST(BisectedBounds, AreFewWhateverTheEstimates) {
  KeyProbes endless{[](WideInt, WideInt) { return std::numeric_limits<std::uint64_t>::max() / 2; },
                    [](WideInt from) { return std::optional(from); }, [](WideInt to) { return std::optional(to); }};
  const auto bounds = bisected_bounds(kInt64Least, kUint64Most, 1, endless);
  EXPECT_LT(bounds.size(), 101000u);
  EXPECT_TRUE(std::is_sorted(bounds.begin(), bounds.end()));
}

TEST(RangePredicate, OneColumn) {
  EXPECT_EQ(range_predicate({"`a`"}, {}, {}), "");
  EXPECT_EQ(range_predicate({"`a`"}, {"-5"}, {}), "`a` >= -5");
  EXPECT_EQ(range_predicate({"`a`"}, {}, {"7"}), "`a` < 7");
  EXPECT_EQ(range_predicate({"`a`"}, {"-5"}, {"7"}), "`a` >= -5 AND `a` < 7");
}

TEST(RangePredicate, TwoColumns) {
  EXPECT_EQ(range_predicate({"a", "b"}, {"1", "2"}, {}), "(a > 1 OR (a = 1 AND b >= 2))");
  EXPECT_EQ(range_predicate({"a", "b"}, {}, {"3", "4"}), "(a < 3 OR (a = 3 AND b < 4))");
  EXPECT_EQ(range_predicate({"a", "b"}, {"1", "2"}, {"3", "4"}),
            "(a > 1 OR (a = 1 AND b >= 2)) AND (a < 3 OR (a = 3 AND b < 4))");
}

TEST(RangePredicate, ThreeColumns) {
  EXPECT_EQ(range_predicate({"a", "b", "c"}, {"1", "2", "3"}, {"4", "5", "6"}),
            "(a > 1 OR (a = 1 AND b > 2) OR (a = 1 AND b = 2 AND c >= 3)) AND "
            "(a < 4 OR (a = 4 AND b < 5) OR (a = 4 AND b = 5 AND c < 6))");
}

}  // namespace
}  // namespace dbsync
