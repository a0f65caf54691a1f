#include "llm/gemini_stand_in.hpp"
#include "ottobot/llm/gemini.hpp"
#include "ottobot/llm/retry.hpp"
#include "ottobot/testing/llm_provider_contract.hpp"

// The contract runs in its own program; this one plays its scenario only.
namespace ottobot::testing {
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LlmProviderContract);
}

namespace ottobot::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class GeminiProviderTest : public ::testing::Test {
 protected:
  GeminiProviderTest() {
    GeminiStandInOptions options;
    options.scenario = llm_contract_scenario();
    stand_in_ = std::move(*GeminiStandIn::start(options));
    provider_ = make(options.api_key);
  }
  ~GeminiProviderTest() override { EXPECT_THAT(stand_in_->violations(), ::testing::IsEmpty()); }

  std::unique_ptr<LlmProvider> make(const std::string& key) {
    GeminiOptions options;
    options.api_key = key;
    options.base_url = stand_in_->base_url() + "/";
    options.idle_timeout = 300ms;
    return std::move(*make_gemini_provider(options));
  }
  Result<Completion> ask(LlmProvider& provider, const std::string& prompt = "contract:text") {
    const std::vector<Message> messages = {{Role::user, {TextPart{prompt, nullptr}}}};
    CompletionParams params;
    params.model = "gemini-3-pro-preview";
    params.messages = messages;
    return provider.complete(params, sink_, with_timeout(20s));
  }

  std::unique_ptr<GeminiStandIn> stand_in_;
  std::unique_ptr<LlmProvider> provider_;
  RecordingDeltaSink sink_;
};

TEST_F(GeminiProviderTest, AWrongKeyIsNamedButNotShown) {
  auto provider = make("AIzaWrongKey");
  stand_in_->answer_next({});
  auto done = ask(*provider);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unauthenticated);
  EXPECT_THAT(done.error().to_string(), Not(HasSubstr("AIzaWrongKey")));
}

TEST_F(GeminiProviderTest, AKeyThatGoogleQuotesIsBlackedOut) {
  stand_in_->answer_next({403, "application/json",
                          google_error(403, "PERMISSION_DENIED", "Consumer 'api_key:test-key' has been suspended.")});
  auto done = ask(*provider_);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("suspended"));
  EXPECT_THAT(done.error().to_string(), Not(HasSubstr("test-key")));
}

TEST_F(GeminiProviderTest, ABrokenConnectionIsUnavailable) {
  stand_in_->answer_next({200, "text/event-stream",
                          "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"half\"}]}}]}\r\n\r\n",
                          GeminiStandIn::End::cut});
  auto done = ask(*provider_);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unavailable);
  EXPECT_EQ(sink_.text, "half");
}

TEST_F(GeminiProviderTest, SilenceIsUnavailable) {
  auto done = ask(*provider_, "contract:slow");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unavailable);
}

TEST_F(GeminiProviderTest, RetriesAfterAnErrorInMidStreamAndForgetsWhatCame) {
  stand_in_->answer_next({200, "text/event-stream",
                          "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"half\"}]}}]}\r\n\r\n"
                          "data: {\"error\":{\"code\":503,\"message\":\"overloaded\"}}\r\n\r\n"});
  RetryOptions options;
  options.initial_backoff = 1ms;
  auto provider = make_retry_provider(std::move(provider_), options, system_clock());
  auto done = ask(*provider);
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_EQ(sink_.resets, 1);
  EXPECT_EQ(sink_.text, text_of(done->message));
}

TEST_F(GeminiProviderTest, RefusesToStartWithoutKeyOrUrl) {
  EXPECT_EQ(make_gemini_provider({}).error().code, ErrorCode::unauthenticated);
  GeminiOptions options;
  options.api_key = " k\n";
  EXPECT_TRUE(make_gemini_provider(options));
  options.base_url = "example.org";
  EXPECT_EQ(make_gemini_provider(options).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace ottobot::testing
