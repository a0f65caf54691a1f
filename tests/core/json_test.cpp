#include "ottobot/json.hpp"

namespace ottobot {
namespace {

TEST(Json, RefusesDeepNestingBeforeItIsBuilt) {
  const std::string deep(100000, '[');
  const auto parsed = parse_json(deep);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(parse_json("[[[[\"[[[[[[[\"]]]]", 4));
  EXPECT_FALSE(parse_json("[[[[1]]]]", 3));
}

TEST(Json, NamesWhereTheTextIsMalformed) {
  const auto parsed = parse_json("{\"a\":}");
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().message.find("byte 6"), std::string::npos) << parsed.error().message;
  EXPECT_FALSE(parse_json(""));
  EXPECT_FALSE(parse_json("{} {}"));
  EXPECT_FALSE(parse_json("\"\xFF\""));
}

TEST(Json, AccessorsNeverThrow) {
  const Json object{{"text", "x"}, {"number", 7}, {"flag", true}, {"list", Json::array()}};
  EXPECT_EQ(get_string(object, "text"), "x");
  EXPECT_EQ(get_string(object, "number", "fallback"), "fallback");
  EXPECT_EQ(get_string(Json::array(), "text", "fallback"), "fallback");
  EXPECT_EQ(get_int(object, "number"), 7);
  EXPECT_EQ(get_int(object, "missing", -1), -1);
  EXPECT_EQ(get_int({{"huge", UINT64_MAX}}, "huge", 5), 5);
  EXPECT_TRUE(get_bool(object, "flag"));
  EXPECT_EQ(find_member(nullptr, "x"), nullptr);
}

TEST(Json, SerialisesInvalidUtf8) { EXPECT_EQ(dump_json(Json("a\xFF")), "\"a\xEF\xBF\xBD\""); }

TEST(Json, SerialisesAsTheLibraryDoes) {
  std::string every;
  for (int c = 0; c < 0x80; ++c) every += static_cast<char>(c);
  Json values = Json::array({nullptr,
                             true,
                             false,
                             0,
                             -1,
                             INT64_MIN,
                             UINT64_MAX,
                             0.1,
                             1e300,
                             12.0,
                             "",
                             "é€😀\u2028",
                             every,
                             Json::object(),
                             Json::array(),
                             {{"", 1}, {"k\"\n", {{"deep", {1, "x"}}}}}});
  // A special character at every offset of the words that strings are looked at in.
  for (std::size_t at = 0; at < 24; ++at) {
    for (const char* special : {"\"", "\\", "\n", "\x1f", "\x7f", "é", "😀"}) {
      values.push_back(std::string(at, 'a') + special + std::string(20 - at % 20, 'b') + special);
    }
  }
  EXPECT_EQ(dump_json(values), values.dump());
  for (const Json& value : values) EXPECT_EQ(dump_json(value), value.dump());
}

TEST(Utf8, ReplacesEveryInvalidSequence) {
  EXPECT_EQ(to_valid_utf8("plain é €  😀"), "plain é €  😀");
  EXPECT_EQ(to_valid_utf8("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // surrogate
  EXPECT_EQ(to_valid_utf8("x\xE2\x82"), "x\xEF\xBF\xBD");                            // cut
}

TEST(Utf8, FindsWhereASequenceIsCut) {
  const std::string text = "aé😀";
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const std::string_view part = std::string_view(text).substr(0, length);
    const std::size_t whole = utf8_complete_prefix(part);
    EXPECT_TRUE(utf8_length(part.substr(0, whole)).has_value()) << length;
    EXPECT_LT(part.size() - whole, 4u);
  }
  EXPECT_EQ(utf8_complete_prefix(text), text.size());
}

TEST(Utf8, FindsWhatIsNotAsciiAfterAnyNumberOfCharactersThatAre) {
  for (std::size_t before = 0; before < 20; ++before) {
    for (std::size_t after = 0; after < 20; ++after) {
      const std::string head(before, 'a'), tail(after, 'z');
      EXPECT_EQ(utf8_length(head + "é" + tail), before + 1 + after);
      EXPECT_EQ(utf8_length(head + "\xFF" + tail), std::nullopt);
      EXPECT_EQ(to_valid_utf8(head + "é\xFF" + tail), head + "é\xEF\xBF\xBD" + tail);
    }
  }
}

TEST(Utf8, CountsCodePoints) {
  EXPECT_EQ(utf8_length("aé😀"), 3u);
  EXPECT_EQ(utf8_length("\xFF"), std::nullopt);
}

}  // namespace
}  // namespace ottobot
