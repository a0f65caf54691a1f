#include "api/base64url.hpp"

#include <gtest/gtest.h>

namespace ottobot::api {
namespace {

TEST(Base64url, EncodesAsTheStandardSaysWithoutPadding) {
  const std::pair<std::string_view, std::string_view> vectors[] = {
      {"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"foob", "Zm9vYg"}, {"\xfb\xff", "-_8"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(encode_base64url(bytes), text);
    EXPECT_EQ(decode_base64url(text), bytes);
  }
}

TEST(Base64url, TakesOneFormOnly) {
  for (const char* text : {"Zg==", "Z", "Zh", "Zm9", "+/8", "Zg\n", "Zm9vY"})
    EXPECT_FALSE(decode_base64url(text)) << text;
}

}  // namespace
}  // namespace ottobot::api
