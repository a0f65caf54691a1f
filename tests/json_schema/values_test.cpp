#include "json_schema/values.hpp"

#include <gtest/gtest.h>

namespace ottobot::json_schema {
namespace {

TEST(Values, NumbersAreEqualByTheirValueAndNotByTheirForm) {
  EXPECT_TRUE(equal(1, 1.0));
  EXPECT_TRUE(equal(Json::parse("[{\"a\":0}]"), Json::parse("[{\"a\":-0.0}]")));
  EXPECT_FALSE(equal(1, true));
  EXPECT_FALSE(equal("1", 1));
  EXPECT_FALSE(equal(-1, Json::parse("18446744073709551615")));
  EXPECT_FALSE(equal(Json::parse("9007199254740993"), 9007199254740992.0));
}

TEST(Values, OrderIsTotalOverAllKinds) {
  const std::vector<Json> rising{nullptr, false,  true,           -3,        2.5, 3, "", "a", Json::array(),
                                 {1},     {1, 2}, Json::object(), {{"a", 1}}};
  for (std::size_t i = 0; i < rising.size(); ++i) {
    for (std::size_t j = 0; j < rising.size(); ++j) {
      const int expected = i < j ? -1 : (i > j ? 1 : 0);
      const int found = order(rising[i], rising[j]);
      EXPECT_EQ((found > 0) - (found < 0), expected) << rising[i] << rising[j];
    }
  }
}

TEST(Values, MultiplesAreExactInDecimal) {
  EXPECT_TRUE(is_multiple_of(0.0075, 0.0001));
  EXPECT_FALSE(is_multiple_of(0.00751, 0.0001));
  EXPECT_TRUE(is_multiple_of(19.99, 0.01));
  EXPECT_TRUE(is_multiple_of(-6, 3));
  EXPECT_TRUE(is_multiple_of(0.0, 7));
  EXPECT_TRUE(is_multiple_of(1e300, 2));
  EXPECT_TRUE(is_multiple_of(1e300, 0.5));
  EXPECT_FALSE(is_multiple_of(1e-300, 0.5));
  EXPECT_FALSE(is_multiple_of(1e300, 7));
  EXPECT_TRUE(is_multiple_of(std::numeric_limits<std::int64_t>::min(), 2));
}

TEST(Values, FindsDuplicatesInShortAndLongArrays) {
  Json items = Json::array();
  for (int i = 0; i < 5000; ++i) {
    items.push_back({{"n", i}});
    if (i == 3) {
      EXPECT_FALSE(has_duplicates(items));
    }
  }
  EXPECT_FALSE(has_duplicates(items));
  items.push_back({{"n", 17.0}});
  EXPECT_TRUE(has_duplicates(items));
  EXPECT_TRUE(has_duplicates(Json::parse("[1, 2, 1.0]")));
}

}  // namespace
}  // namespace ottobot::json_schema
