#include "x11/keys.hpp"

#include <X11/keysym.h>

namespace ottobot::x11 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Chord chord(std::string_view text) {
  auto parsed = parse_chord(text);
  EXPECT_TRUE(parsed) << text << ": " << parsed.error().to_string();
  return parsed.value_or(Chord{});
}

std::string problem(std::string_view text) {
  auto parsed = parse_chord(text);
  return parsed ? "" : parsed.error().to_string();
}

TEST(ParseChord, KnowsKeysByTheNamesThatPeopleUse) {
  for (const char* name : {"Return", "return", "Enter", "ENTER"}) EXPECT_EQ(chord(name).key, XK_Return) << name;
  for (const char* name : {"Page_Down", "PageDown", "page-down", "PgDn", "Next"})
    EXPECT_EQ(chord(name).key, XK_Page_Down) << name;
  EXPECT_EQ(chord("F1").key, XK_F1);
  EXPECT_EQ(chord("f24").key, XK_F24);
  EXPECT_EQ(chord("Esc").key, XK_Escape);
  EXPECT_EQ(chord("ArrowLeft").key, XK_Left);
  EXPECT_THAT(chord("Return").modifiers, IsEmpty());
}

TEST(ParseChord, TakesCharactersAsKeys) {
  EXPECT_EQ(chord("a").key, XK_a);
  EXPECT_EQ(chord("A").key, XK_A);
  EXPECT_EQ(chord("?").key, XK_question);
  EXPECT_EQ(chord("é").key, XK_eacute);
  EXPECT_EQ(chord("€").key, 0x010020ACU);
  EXPECT_EQ(chord("+").key, XK_plus);
  EXPECT_EQ(chord("ctrl++").key, XK_plus);
}

TEST(ParseChord, HoldsModifiers) {
  const Chord both = chord("ctrl+shift+t");
  EXPECT_THAT(both.modifiers, ElementsAre(Modifier::control, Modifier::shift));
  EXPECT_EQ(both.key, XK_t);
  EXPECT_THAT(chord("Alt + F4").modifiers, ElementsAre(Modifier::alt));
  EXPECT_THAT(chord("cmd+space").modifiers, ElementsAre(Modifier::super));
  EXPECT_THAT(chord("ctrl+Control+c").modifiers, ElementsAre(Modifier::control));
  EXPECT_EQ(chord("super").key, XK_Super_L);
}

TEST(ParseChord, ACapitalBehindAModifierIsTheKeyOfThatLetter) {
  EXPECT_EQ(chord("Ctrl+C").key, XK_c);
  EXPECT_THAT(chord("Ctrl+C").modifiers, ElementsAre(Modifier::control));
}

TEST(ParseChord, NamesTheNearestKeyOfAnUnknownOne) {
  EXPECT_THAT(problem("Retrun"), HasSubstr("did you mean 'Return'?"));
  EXPECT_THAT(problem("ctrl+Page_Dwon"), HasSubstr("did you mean 'Page_Down'?"));
  EXPECT_THAT(problem("crtl+c"), HasSubstr("did you mean 'ctrl'?"));
  EXPECT_THAT(problem("hello world"), HasSubstr("gui_type types text"));
  EXPECT_THAT(problem("F25"), HasSubstr("no key is called 'F25'"));
  EXPECT_THAT(problem("F0"), HasSubstr("no key is called 'F0'"));
  EXPECT_THAT(problem("a+b"), HasSubstr("'a' is no modifier"));
  EXPECT_THAT(problem("ctrl+"), HasSubstr("no key follows"));
  EXPECT_THAT(problem(""), HasSubstr("empty"));
}

TEST(ParseModifiers, TakesNoneAndSeveral) {
  EXPECT_THAT(*parse_modifiers(""), IsEmpty());
  EXPECT_THAT(*parse_modifiers("shift+alt"), ElementsAre(Modifier::shift, Modifier::alt));
  EXPECT_FALSE(parse_modifiers("shift+x"));
}

TEST(KeysOfText, GivesOneKeyForEachCharacter) {
  EXPECT_THAT(*keys_of_text("aÄ\t😀"), ElementsAre(XK_a, XK_Adiaeresis, XK_Tab, 0x0101F600U));
  EXPECT_THAT(*keys_of_text("1\r\n2\n3\r"), ElementsAre(XK_1, XK_Return, XK_2, XK_Return, XK_3, XK_Return));
  EXPECT_THAT(*keys_of_text(""), IsEmpty());
}

TEST(KeysOfText, RefusesWhatNoKeyMakes) {
  auto bell = keys_of_text("ab\a");
  ASSERT_FALSE(bell);
  EXPECT_THAT(bell.error().message, HasSubstr("character 3 is a control character (code 7)"));
  EXPECT_FALSE(keys_of_text("\xC2\x85"));
  EXPECT_FALSE(keys_of_text("\xFF"));
}

}  // namespace
}  // namespace ottobot::x11
