#include "base/optional_box.h"

#include <string>

#include <gtest/gtest.h>

namespace dbsync {
namespace {

TEST(OptionalBox, TakesAPointersRoom) { EXPECT_EQ(sizeof(OptionalBox<std::string>), sizeof(void*)); }

TEST(OptionalBox, HasNoValueUntilItGetsOne) {
  OptionalBox<std::string> box;
  EXPECT_FALSE(box);
  box = std::string("a");
  ASSERT_TRUE(box.has_value());
  EXPECT_EQ(*box, "a");
  box.reset();
  EXPECT_FALSE(box);
  EXPECT_FALSE(OptionalBox<std::string>(std::optional<std::string>()));
  EXPECT_EQ(*OptionalBox<std::string>(std::optional<std::string>("b")), "b");
}

TEST(OptionalBox, ACopyIsItsOwn) {
  OptionalBox<std::string> box = std::string("a");
  OptionalBox<std::string> copy = box;
  *copy += "b";
  EXPECT_EQ(*box, "a");
  box = copy;
  copy.reset();
  EXPECT_EQ(*box, "ab");
  EXPECT_FALSE(OptionalBox<std::string>(copy));
}

}  // namespace
}  // namespace dbsync
