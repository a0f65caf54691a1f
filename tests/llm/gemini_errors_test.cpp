#include "llm/gemini/errors.hpp"

namespace ottobot::llm::gemini {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

Json quota(const std::string& id) {
  return {{"@type", "type.googleapis.com/google.rpc.QuotaFailure"},
          {"violations", Json::array({{{"quotaId", id}, {"quotaValue", "2"}}})}};
}
Json retry_info(const std::string& delay) {
  return {{"@type", "type.googleapis.com/google.rpc.RetryInfo"}, {"retryDelay", delay}};
}
Error map(int code, const std::string& message, Json details = Json::array()) {
  return error_from_body(code, Json({{"error", {{"code", code}, {"message", message}, {"details", details}}}}).dump());
}

TEST(GeminiErrors, ReadsDurations) {
  EXPECT_EQ(parse_duration("56s"), 56000ms);
  EXPECT_EQ(parse_duration("900ms"), 900ms);
  EXPECT_EQ(parse_duration("1.203608125s"), 1204ms);
  for (const char* bad : {"", "s", "5", "-1s", "5h", "nans", "1e99s"})
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
}

TEST(GeminiErrors, ARateLimitWaitsAsLongAsItIsTold) {
  EXPECT_EQ(map(429, "slow", Json::array({retry_info("56s")})).retry_after, 56000ms);
  EXPECT_EQ(map(429, "Please retry in 56.185908122s.").retry_after, 56186ms);
  EXPECT_EQ(map(429, "slow", Json::array({quota("GenerateRequestsPerMinutePerProject")})).retry_after, 60s);
  EXPECT_EQ(map(429, "Please retry in 250ms.").retry_after, 250ms);
  EXPECT_EQ(map(429, "slow", Json::array({retry_info("0.5s")})).retry_after, 500ms);
  EXPECT_EQ(map(429, "x").code, ErrorCode::resource_exhausted);
}

TEST(GeminiErrors, ARateLimitWithoutADelayMayBeTriedAgainSoon) {
  EXPECT_EQ(map(429, "Resource has been exhausted").retry_after, 0ms);
  EXPECT_EQ(error_from_body(429, "<html>slow down</html>").retry_after, 0ms);
}

TEST(GeminiErrors, TheBodysDelayOutranksTheHeaders) {
  const std::string told = R"({"error":{"code":429,"message":"Please retry in 3s."}})";
  EXPECT_EQ(error_from_body(429, told, 9s).retry_after, 3000ms);
  EXPECT_EQ(error_from_body(429, "", 9s).retry_after, 9s);
  EXPECT_EQ(error_from_body(429, "", 900s).retry_after, std::nullopt);
}

TEST(GeminiErrors, ADailyQuotaIsNotWorthWaitingFor) {
  for (const Error& error : {map(429, "x", Json::array({quota("GenerateRequestsPerDayPerProject"), retry_info("9s")})),
                             map(429, "Quota exceeded for requests per day. Please retry in 9s.")}) {
    EXPECT_EQ(error.code, ErrorCode::resource_exhausted);
    EXPECT_FALSE(error.retry_after);
    EXPECT_THAT(error.hint, HasSubstr("daily"));
  }
}

TEST(GeminiErrors, AKeyWithoutAQuotaIsNotWorthWaitingFor) {
  for (const Error& error :
       {map(429, "Quota exceeded for metric: x, limit: 0\nPlease retry in 9s."), map(429, "limit: 0, model: gemini"),
        map(429, "limit: 0."),
        map(429, "x",
            Json::array({{{"@type", "google.rpc.QuotaFailure"},
                          {"violations", Json::array({{{"quotaId", "a"}, {"quotaValue", "0"}}})}}}))}) {
    EXPECT_FALSE(error.retry_after) << error.to_string();
    EXPECT_THAT(error.hint, HasSubstr("no quota"));
  }
  EXPECT_TRUE(map(429, "limit: 0.5").retry_after);
  EXPECT_TRUE(map(429, "limit: 05").retry_after);
}

TEST(GeminiErrors, AWaitOfMoreThanFiveMinutesIsNotWaited) {
  EXPECT_EQ(map(429, "Please retry in 300s.").retry_after, 300s);
  const Error error = map(429, "Please retry in 3600s.");
  EXPECT_FALSE(error.retry_after);
  EXPECT_THAT(error.hint, HasSubstr("60 minutes"));
}

TEST(GeminiErrors, AnErrorWithoutANumberIsKnownByItsName) {
  const auto named = [](const char* name) { return error_from_status(0, {{"status", name}, {"message", "x"}}); };
  EXPECT_EQ(named("RESOURCE_EXHAUSTED").code, ErrorCode::resource_exhausted);
  EXPECT_EQ(named("INVALID_ARGUMENT").code, ErrorCode::invalid_argument);
  EXPECT_EQ(named("UNAVAILABLE").code, ErrorCode::unavailable);
  EXPECT_EQ(named("SOMETHING_NEW").code, ErrorCode::unavailable);
}

TEST(GeminiErrors, AnEndlessMessageIsShortened) { EXPECT_LT(map(400, std::string(100000, 'x')).message.size(), 2100u); }

TEST(GeminiErrors, ABadKeySaysHowToSetOne) {
  const Json reason = {{"@type", "type.googleapis.com/google.rpc.ErrorInfo"}, {"reason", "API_KEY_INVALID"}};
  for (const Error& error : {map(400, "bad", Json::array({reason})), map(400, "API key not valid. Please pass one."),
                             map(403, "denied"), map(401, "who?")}) {
    EXPECT_EQ(error.code, ErrorCode::unauthenticated);
    EXPECT_THAT(error.hint, HasSubstr("GEMINI_API_KEY"));
  }
}

TEST(GeminiErrors, AnOverflowingPromptIsAClassOfItsOwn) {
  const Error error = map(400, "The input token count (9) exceeds the maximum number of tokens allowed (8).");
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  ASSERT_EQ(error.details.size(), 1u);
  EXPECT_EQ(error.details[0].field, "context_window");
  EXPECT_TRUE(map(400, "Please use a valid role: user, model.").details.empty());
}

TEST(GeminiErrors, ServerTroubleMayBeRepeatedAndARefusalMayNot) {
  for (int code : {408, 499, 500, 502, 503, 504}) EXPECT_EQ(map(code, "x").code, ErrorCode::unavailable) << code;
  for (int code : {400, 404, 413}) EXPECT_EQ(map(code, "x").code, ErrorCode::invalid_argument) << code;
}

TEST(GeminiErrors, ReadsArraysAndSurvivesAnythingElse) {
  EXPECT_EQ(error_from_body(503, R"([{"error":{"message":"busy"}}])").message, "busy");
  for (const char* body :
       {"", "<html>Bad Gateway</html>", "[]", "{\"error\":7}", "[[[", "{\"error\":{\"details\":{}}}"}) {
    EXPECT_EQ(error_from_body(502, body).code, ErrorCode::unavailable) << body;
  }
  EXPECT_EQ(error_from_body(503, "", 7s).retry_after, 7s);
}

}  // namespace
}  // namespace ottobot::llm::gemini
