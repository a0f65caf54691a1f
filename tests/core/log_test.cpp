#include "ottobot/log.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace ottobot {
namespace {

constexpr const char* kNow = "2026-01-02T03:04:05.678Z";

std::string text(std::string_view message, const Json& fields = nullptr, std::vector<std::string> secrets = {}) {
  return format_log_line({LogLevel::info, LogFormat::text, std::move(secrets)}, kNow, LogLevel::warn, message, fields);
}

Json json(std::string_view message, const Json& fields = nullptr, std::vector<std::string> secrets = {}) {
  const auto line =
      format_log_line({LogLevel::info, LogFormat::json, std::move(secrets)}, kNow, LogLevel::warn, message, fields);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  return parse_json(line).value_or(Json());
}

TEST(LogLine, HasTimeLevelMessageAndFields) {
  EXPECT_EQ(text("ready", {{"session", "s1"}, {"n", 3}, {"why", "a b"}}),
            "2026-01-02T03:04:05.678Z warn  ready n=3 session=s1 why=\"a b\"");
  EXPECT_EQ(json("ready", {{"session", "s1"}}),
            Json({{"timestamp", kNow}, {"level", "warn"}, {"message", "ready"}, {"session", "s1"}}));
}

TEST(LogLine, NothingCanForgeALineOrAField) {
  const auto line = text("a\nb\r\x1b[2J\xc2\x9b", {{"path", "/x\n2026 info fake"}, {"q\n", "a=b"}});
  for (const char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << line;
  EXPECT_NE(line.find("a\\nb"), std::string::npos) << line;
  EXPECT_EQ(line.find('\xc2'), std::string::npos);
  EXPECT_EQ(get_string(json("x", {{"level", "info"}, {"message", "y"}}), "level"), "warn");
  EXPECT_EQ(get_string(json("\xff\xfe"), "message"), "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(LogLine, SecretsAreMasked) {
  const Json fields{{"error", "refused key-12345 twice: key-12345"},
                    {"Authorization", "Basic abc"},
                    {"inner", {{"api_key", "x"}, {"tokens", 5}, {"access_token", "y"}}},
                    {"header", "authorization: bearer  abc.def"},
                    {"list", {"key-12345"}}};
  for (const auto& line : {text("Bearer abc.def, and key-12345", fields, {"key-12345"}),
                           dump_json(json("Bearer abc.def, and key-12345", fields, {"key-12345"}))}) {
    for (const char* secret : {"key-12345", "abc.def", "Basic", "\"x\"", "\"y\""}) {
      EXPECT_EQ(line.find(secret), std::string::npos) << secret << " in " << line;
    }
    EXPECT_NE(line.find("5"), std::string::npos);
  }
}

TEST(LogLine, AWordThatIsShortIsNoSecret) { EXPECT_EQ(json("a test", nullptr, {"test"})["message"], "a test"); }

TEST(LogLine, NoPartOfASecretIsLeftWhereAHugeValueIsCut) {
  const std::string secret = "SECRET-0123456789-abcdefghijklmnop";
  for (std::size_t before = (16 << 10) - 2 * secret.size(); before < (16 << 10) + secret.size(); ++before) {
    const std::string huge = std::string(before, '.') + secret + std::string(before, '.');
    const auto line = text(huge, {{"value", huge}}, {secret});
    ASSERT_EQ(line.find("SEC"), std::string::npos) << before;
  }
  // So many that what is left of it all, masked, is short.
  std::string many(7, '.');
  while (many.size() < 100'000) many += secret;
  EXPECT_EQ(text(many, nullptr, {secret}).find("SEC"), std::string::npos);
}

TEST(LogLine, ASecretWithinASecretLeavesNothingOfIt) {
  EXPECT_EQ(json("key-12345-and-more", nullptr, {"key-12345", "key-12345-and-more"})["message"], "***");
}

TEST(LogLine, HugeValuesAreCut) { EXPECT_LT(text(std::string(1 << 20, 'x')).size(), 20000u); }

TEST(LogScope, AddsToWhatItsThreadWrites) {
  const LogScope outer(Json{{"request_id", "r"}, {"session", "one"}});
  {
    const LogScope inner(Json{{"session", "two"}});
    EXPECT_EQ(LogScope::fields(), Json({{"request_id", "r"}, {"session", "two"}}));
    std::thread([] { EXPECT_TRUE(LogScope::fields().empty()); }).join();
  }
  EXPECT_EQ(get_string(LogScope::fields(), "session"), "one");
}

}  // namespace
}  // namespace ottobot
