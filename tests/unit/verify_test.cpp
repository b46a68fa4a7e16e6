// What decides whether two sides hold the same rows: images, sums, differences.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "format/copy_binary.h"
#include "format/numeric.h"
#include "verify/bucket_sums.h"
#include "verify/row_diff.h"
#include "verify/row_image.h"

namespace dbsync {
namespace {

constexpr std::size_t kBuckets = 16;

struct TestRow {
  std::string text;
  std::uint64_t key;
};

BucketSums sums_of(const std::vector<TestRow>& rows) {
  BucketSums out(kBuckets);
  BucketAdder adder(out);
  for (const TestRow& row : rows) adder.add(hash_bytes(row.text), row.key);
  adder.flush();
  return out;
}

std::vector<TestRow> rows(std::size_t count) {
  std::vector<TestRow> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back({"row " + std::to_string(i), i * 7});
  return out;
}

TEST(BucketSums, DoNotDependOnTheOrderOrOnTheParts) {
  auto shuffled = rows(1000);
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(4711));
  BucketSums parts = sums_of({shuffled.begin(), shuffled.begin() + 300});
  parts.add(sums_of({shuffled.begin() + 300, shuffled.end()}));
  EXPECT_TRUE(sums_of(rows(1000)).different_buckets(parts).empty());
  EXPECT_EQ(parts.rows(), 1000U);
}

TEST(BucketSums, CountEqualRows) {
  auto twice = rows(10);
  twice.push_back(twice[3]);
  EXPECT_EQ(sums_of(rows(10)).different_buckets(sums_of(twice)), std::vector<std::size_t>{3 * 7 % kBuckets});
  // A row for another one that occurs twice already: as many rows, another sum.
  auto other = rows(10);
  other[4].text = other[3].text;
  other[4].key = other[3].key;
  EXPECT_EQ(sums_of(twice).rows(), sums_of(other).rows() + 1);
  EXPECT_EQ(sums_of(rows(10)).different_buckets(sums_of(other)).size(), 2U);
}

TEST(BucketSums, OneRowLessAndAnotherMoreDoNotCancel) {
  auto changed = rows(1000);
  changed[500].text = "another row";
  EXPECT_EQ(sums_of(rows(1000)).different_buckets(sums_of(changed)), std::vector<std::size_t>{500 * 7 % kBuckets});
}

TEST(BucketSums, OneBitOfOneRow) {
  auto changed = rows(1000);
  for (std::size_t bit = 0; bit < 8; ++bit) {
    changed[42] = rows(43).back();
    changed[42].text[2] = static_cast<char>(changed[42].text[2] ^ (1 << bit));
    EXPECT_EQ(sums_of(rows(1000)).different_buckets(sums_of(changed)).size(), 1U) << bit;
  }
}

TEST(BucketSums, RefuseOtherNumbersOfBuckets) { EXPECT_THROW(BucketSums(12), Error); }

// ---------------------------------------------------------------- differences

SeenRow seen(const std::string& text, std::uint64_t key) { return {hash_bytes(text), key}; }

void add(RowDiff& diff, Side side, const std::vector<SeenRow>& rows) {
  RowDiff part;
  for (const SeenRow& row : rows) part.add(side, row);
  diff.add(part);
}

TEST(RowDiff, PairsByKey) {
  RowDiff diff;
  add(diff, Side::source, {seen("same", 1), seen("old", 2), seen("gone", 3)});
  add(diff, Side::target, {seen("added", 4), seen("new", 2), seen("same", 1)});
  const auto [counts, pairs] = diff.pairs(10);
  EXPECT_EQ(counts.different, 1U);
  EXPECT_EQ(counts.missing, 1U);
  EXPECT_EQ(counts.extra, 1U);
  ASSERT_EQ(pairs.size(), 3U);
  EXPECT_EQ(pairs[0].kind, FindingKind::different);
  EXPECT_EQ(pairs[0].source, hash_bytes("old"));
  EXPECT_EQ(pairs[0].target, hash_bytes("new"));
  EXPECT_EQ(pairs[1].source, hash_bytes("gone"));
  EXPECT_EQ(pairs[2].target, hash_bytes("added"));
}

TEST(RowDiff, CountsRowsThatOneSideHoldsMoreOften) {
  RowDiff diff;
  const SeenRow row = seen("twin", 9);
  add(diff, Side::source, {row, row, row});
  add(diff, Side::target, {row});
  const auto [counts, pairs] = diff.pairs(10);
  EXPECT_EQ(counts.missing, 2U);
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs[0].rows, 2U);
}

TEST(RowDiff, CountsBeyondThePairsItGives) {
  RowDiff diff;
  std::vector<SeenRow> many;
  for (std::uint64_t i = 0; i < 100; ++i) many.push_back(seen(std::to_string(i), i));
  add(diff, Side::target, many);
  const auto [counts, pairs] = diff.pairs(7);
  EXPECT_EQ(counts.extra, 100U);
  EXPECT_EQ(pairs.size(), 7U);
}

TEST(RowDiff, KeepsOnlyWhatDiffersAgainInTheSameWay) {
  RowDiff first;
  add(first, Side::source, {seen("stays", 1), seen("arrives", 2), seen("turns", 3)});
  RowDiff again;
  add(again, Side::source, {seen("stays", 1)});
  add(again, Side::target, {seen("turns", 3), seen("else", 4)});
  first.keep_only(again);
  EXPECT_TRUE(first.holds(hash_bytes("stays")));
  EXPECT_EQ(first.pairs(10).counts.missing, 1U);
  EXPECT_FALSE(first.pairs(10).counts.extra > 0);
}

// --------------------------------------------------------------------- images

TargetColumn column(std::string name, PgType type) { return {std::move(name), std::move(type)}; }

// A row of an int4, a numeric and a text.
std::string binary_row(std::int32_t id, std::string_view number, std::string_view text) {
  CopyBuffer out(64);
  copy_binary::begin_row(out, 3);
  copy_binary::put_int4(out, id);
  std::string digits(numeric_bound(number.size()), '\0');
  digits.resize(encode_numeric(number, digits.data()));
  copy_binary::put_bytes(out, digits);
  copy_binary::put_bytes(out, text);
  return {out.bytes().data(), out.size()};
}

struct Image {
  ComparedColumns compared;
  std::vector<std::string> names{"id", "n", "t"};

  Image(PgType number, PgType text) {
    compared.columns = {column("id", {PgKind::int4}), column("n", std::move(number)), column("t", std::move(text))};
    compared.key = {0};
  }
  Hash128 hash(const std::string& bytes) const {
    RowImage image(compared, names);
    EXPECT_EQ(image.take(bytes), bytes.size());
    return image.hash();
  }
};

TEST(RowImage, ScaleCountsOnlyWhereTheColumnLeavesItToTheValue) {
  const Image fixed({PgKind::numeric, 10, 2}, {PgKind::text});
  EXPECT_EQ(fixed.hash(binary_row(1, "1.5", "a")), fixed.hash(binary_row(1, "1.50", "a")));
  EXPECT_NE(fixed.hash(binary_row(1, "1.5", "a")), fixed.hash(binary_row(1, "1.51", "a")));
  const Image loose({PgKind::numeric}, {PgKind::text});
  EXPECT_NE(loose.hash(binary_row(1, "1.5", "a")), loose.hash(binary_row(1, "1.50", "a")));
}

TEST(RowImage, TrailingBlanksCountButForPadding) {
  const Image padded({PgKind::numeric}, {PgKind::bpchar, 5});
  EXPECT_EQ(padded.hash(binary_row(1, "1", "a")), padded.hash(binary_row(1, "1", "a    ")));
  EXPECT_NE(padded.hash(binary_row(1, "1", "a")), padded.hash(binary_row(1, "1", " a")));
  const Image text({PgKind::numeric}, {PgKind::text});
  EXPECT_NE(text.hash(binary_row(1, "1", "a")), text.hash(binary_row(1, "1", "a ")));
}

TEST(RowImage, NullIsNotEmpty) {
  CopyBuffer out(64);
  copy_binary::begin_row(out, 1);
  copy_binary::put_null(out);
  ComparedColumns compared{{column("t", {PgKind::text})}, {}};
  RowImage image(compared, {"t"});
  image.take({out.bytes().data(), out.size()});
  const Hash128 null = image.hash();
  out.clear();
  copy_binary::begin_row(out, 1);
  copy_binary::put_bytes(out, "");
  image.take({out.bytes().data(), out.size()});
  EXPECT_NE(image.hash(), null);
}

// The same columns in another order, and one more.
TEST(RowImage, TakesItsColumnsByName) {
  const Image whole({PgKind::int4}, {PgKind::text});
  ComparedColumns compared{{column("t", {PgKind::text}), column("id", {PgKind::int4})}, {1}};
  RowImage picked(compared, {"id", "n", "t"});
  const std::string row = binary_row(7, "1", "abc");
  picked.take(row);
  CopyBuffer out(64);
  copy_binary::begin_row(out, 2);
  copy_binary::put_bytes(out, "abc");
  copy_binary::put_int4(out, 7);
  RowImage straight(compared, {"t", "id"});
  straight.take({out.bytes().data(), out.size()});
  EXPECT_EQ(picked.hash(), straight.hash());
  EXPECT_EQ(picked.key_hash(), straight.key_hash());
  EXPECT_EQ(picked.field(0).bytes(), "abc");
}

TEST(RowImage, CutAtEveryLengthIsAnError) {
  const Image image({PgKind::numeric}, {PgKind::text});
  const std::string row = binary_row(1, "12.5", "abc");
  RowImage reader(image.compared, image.names);
  for (std::size_t length = 0; length < row.size(); ++length) EXPECT_THROW(reader.take(row.substr(0, length)), Error);
}

}  // namespace
}  // namespace dbsync
