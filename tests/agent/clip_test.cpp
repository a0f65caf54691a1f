#include "ottobot/agent/coding_agent.hpp"

namespace ottobot {
namespace {

TEST(ClipMiddle, LeavesShortTextAlone) { EXPECT_EQ(clip_middle("short", 5), "short"); }

TEST(ClipMiddle, KeepsHeadAndTailAndSaysWhatIsMissing) {
  const std::string text = std::string(100, 'a') + std::string(100, 'b');
  const std::string clipped = clip_middle(text, 20);
  EXPECT_EQ(clipped, std::string(10, 'a') + "\n[… 180 characters left out …]\n" + std::string(10, 'b'));
}

TEST(ClipMiddle, NeverCutsACharacter) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "€";
  const std::string clipped = clip_middle(text, 31);
  EXPECT_TRUE(utf8_length(clipped).has_value());
  EXPECT_EQ(clipped.find("€€€€€€€€€€€€€€€\n[…"), 0u);
}

}  // namespace
}  // namespace ottobot
