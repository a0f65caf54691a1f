#include "ottobot/nearest_name.hpp"

namespace ottobot {
namespace {

const std::vector<std::string> kCommands{"serve", "sessions", "run", "rm"};
const std::vector<std::string> kArguments{"path", "content", "old_text", "new_text", "x", "y"};

TEST(NearestName, FindsTypingErrors) {
  EXPECT_EQ(nearest_name("sevre", kCommands), "serve");
  EXPECT_EQ(nearest_name("session", kCommands), "sessions");
  EXPECT_EQ(nearest_name("rn", kCommands), "run");
  EXPECT_EQ(nearest_name("pth", kArguments), "path");
  EXPECT_EQ(nearest_name("paht", kArguments), "path");
  EXPECT_EQ(nearest_name("contents", kArguments), "content");
}

TEST(NearestName, CaseAndSeparatorsDoNotCount) {
  EXPECT_EQ(nearest_name("RUN", kCommands), "run");
  EXPECT_EQ(nearest_name("oldText", kArguments), "old_text");
  EXPECT_EQ(nearest_name("OLD-TEXT", kArguments), "old_text");
}

TEST(NearestName, IsSilentWhenNothingIsNear) {
  for (const std::string name : {"xyz", "colour", "z", "", "_"}) {
    EXPECT_EQ(nearest_name(name, kCommands), "");
    EXPECT_EQ(nearest_name(name == "xyz" ? "colour" : name, kArguments), "");
  }
  EXPECT_EQ(nearest_name("path", {}), "");
  EXPECT_EQ(nearest_name(std::string(1000, 'r'), kCommands), "");
  EXPECT_EQ(nearest_name("path", {std::string(100000, 'p')}), "");
}

}  // namespace
}  // namespace ottobot
