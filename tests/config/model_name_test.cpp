#include "config/model_name.hpp"

#include <gtest/gtest.h>

namespace ottobot::config {
namespace {

TEST(ModelName, TakesTheProviderBeforeTheFirstColon) {
  auto name = parse_model_name("scripted:/tmp/a:b.json");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->provider, "scripted");
  EXPECT_EQ(name->model, "/tmp/a:b.json");
  EXPECT_EQ(name->full(), "scripted:/tmp/a:b.json");
}

TEST(ModelName, InfersTheVendor) {
  EXPECT_EQ(parse_model_name("gemini-1.5-flash")->full(), "gemini:gemini-1.5-flash");
  EXPECT_EQ(parse_model_name("gpt-5")->provider, "openai");
  EXPECT_EQ(parse_model_name("o3-mini")->provider, "openai");
  EXPECT_EQ(parse_model_name("claude-sonnet-4")->provider, "anthropic");
}

TEST(ModelName, RefusesWhatItCannotTell) {
  for (const char* bad : {"", "ollama", "o", "llama-3", ":x", "gemini:"}) {
    auto name = parse_model_name(bad);
    ASSERT_FALSE(name) << bad;
    EXPECT_EQ(name.error().code, ErrorCode::invalid_argument);
    EXPECT_FALSE(name.error().hint.empty());
  }
}

}  // namespace
}  // namespace ottobot::config
