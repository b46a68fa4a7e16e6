// Changes within MySQL's binary JSON.
#include "mysql2pgsql/binlog/json_diff.h"

#include <gtest/gtest.h>

#include "mysql2pgsql/binlog/json_text.h"
#include "mysql2pgsql/binlog/little_reader.h"

namespace dbsync::test {

namespace {

template <std::size_t N>
std::string bytes(const char (&text)[N]) {
  return {text, N - 1};
}

// Documents.
const std::string kObject = bytes(
    "\x00\x01\x00\x0C\x00\x0B\x00\x01\x00\x05\x01\x00"
    "a");                                                                          // {"a": 1}
const std::string kArray = bytes("\x02\x02\x00\x0A\x00\x05\x01\x00\x05\x02\x00");  // [1, 2]
const std::string kTrue = bytes("\x04\x01");
const std::string kText = bytes(
    "\x0C\x03"
    "new");

std::string change(char what, const std::string& path, const std::string& value = {}) {
  std::string out{what, static_cast<char>(path.size())};
  out += path;
  if (what != 2) out += static_cast<char>(value.size()) + value;
  return out;
}
std::string replace(const std::string& path, const std::string& value) { return change(0, path, value); }
std::string insert(const std::string& path, const std::string& value) { return change(1, path, value); }
std::string remove(const std::string& path) { return change(2, path); }

std::string changed(const std::string& document, const std::string& changes) {
  std::string out = "what was there";
  json_text_changed(document, changes, out);
  return out;
}

}  // namespace

TEST(JsonDiff, ChangesMembersAndElements) {
  EXPECT_EQ(changed(kObject, ""), R"({"a": 1})");
  EXPECT_EQ(changed(kObject, replace("$.a", kArray)), R"({"a": [1, 2]})");
  EXPECT_EQ(changed(kObject, replace("$", kTrue)), "true");
  EXPECT_EQ(changed(kObject, remove("$.a")), "{}");
  EXPECT_EQ(changed(kArray, remove("$[0]")), "[2]");
  EXPECT_EQ(changed(kArray, replace("$[1]", kObject)), R"([1, {"a": 1}])");
  EXPECT_EQ(changed(kArray, insert("$[1]", kText)), R"([1, "new", 2])");
  EXPECT_EQ(changed(kArray, insert("$[7]", kTrue)), "[1, 2, true]");
  EXPECT_EQ(changed(kTrue, replace("$[0]", kText)), R"("new")");
}

TEST(JsonDiff, ChangesWhatAnotherChangeHasMade) {
  EXPECT_EQ(changed(kObject, replace("$.a", kArray) + insert("$.a[0]", kObject) + replace("$.a[0].a", kTrue) +
                                 remove("$.a[2]") + insert("$.b", kText)),
            R"({"a": [{"a": true}, 1], "b": "new"})");
}

// The server finds members by that order.
TEST(JsonDiff, KeepsMembersInTheOrderOfTheLengthOfTheirKeys) {
  EXPECT_EQ(changed(kObject, insert("$.bb", kTrue) + insert("$.c", kTrue) + insert("$.B", kTrue) +
                                 insert("$.\"\"", kTrue) + insert("$.\"a.b\\\"\\\\\\n\\u0001\"", kTrue)),
            "{\"\": true, \"B\": true, \"a\": 1, \"c\": true, \"bb\": true, \"a.b\\\"\\\\\\n\\u0001\": true}");
}

TEST(JsonDiff, RefusesWhatDoesNotFit) {
  for (const std::string& changes :
       {replace("$.b", kTrue), remove("$.b"), insert("$.a", kTrue), insert("$", kTrue), remove("$"),
        replace("a", kTrue), replace("$a", kTrue), replace("$.", kTrue), replace("$[", kTrue), replace("$[x]", kTrue),
        replace("$[1]", kTrue), insert("$[0]", kTrue), replace("$.\"a", kTrue), replace("$.\"\\u12\"", kTrue),
        replace("$.a.b", kTrue), change(3, "$.a", kTrue), replace("$.a", ""), replace("$.a", "\x0F")})
    EXPECT_THROW(changed(kObject, changes), DecodeError) << changes;
  std::string deep = "$";
  for (int i = 0; i < 101; ++i) deep += "[0]";
  std::string change_of_deep = std::string(1, '\0') + "\xFC" + static_cast<char>(deep.size() & 0xFF) +
                               static_cast<char>(deep.size() >> 8) + deep + static_cast<char>(kTrue.size()) + kTrue;
  EXPECT_THROW(changed(kTrue, change_of_deep), DecodeError);
}

TEST(JsonDiff, CutAtEveryLengthThrowsOrChangesLess) {
  const std::string first = replace("$.a", kArray), all = first + insert("$.b", kText);
  for (std::size_t length = 0; length < all.size(); ++length) {
    if (length == 0 || length == first.size())
      EXPECT_NO_THROW(changed(kObject, all.substr(0, length)));
    else
      EXPECT_THROW(changed(kObject, all.substr(0, length)), DecodeError) << length;
  }
}

}  // namespace dbsync::test
