#include "json_schema/nearest_name.hpp"

#include <gtest/gtest.h>

namespace ottobot::json_schema {
namespace {

const std::vector<std::string> kNames{"path", "content", "old_text", "new_text", "x", "y"};

TEST(NearestName, FindsWhatWasMeant) {
  EXPECT_EQ(nearest_name("pth", kNames), "path");
  EXPECT_EQ(nearest_name("paht", kNames), "path");
  EXPECT_EQ(nearest_name("Path", kNames), "path");
  EXPECT_EQ(nearest_name("contents", kNames), "content");
  EXPECT_EQ(nearest_name("oldText", kNames), "old_text");
}

TEST(NearestName, DoesNotGuessWhatIsFar) {
  EXPECT_EQ(nearest_name("colour", kNames), "");
  EXPECT_EQ(nearest_name("z", kNames), "");
  EXPECT_EQ(nearest_name("", kNames), "");
  EXPECT_EQ(nearest_name("path", {}), "");
  EXPECT_EQ(nearest_name(std::string(100000, 'a'), kNames), "");
}

}  // namespace
}  // namespace ottobot::json_schema
