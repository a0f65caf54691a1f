// What every LlmProvider must do, as a GoogleTest suite. A provider's author runs it with
//
//   INSTANTIATE_TEST_SUITE_P(Mine, LlmProviderContract, ::testing::Values(LlmProviderCase{"mine", make_my_rig}));
//
// (with `using namespace ottobot::testing`), where make_my_rig returns a provider whose model plays
// llm_contract_scenario(): the format of ottobot/llm/scripted.hpp, to be played by whatever stands in for the vendor.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <ostream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "ottobot/llm_provider.hpp"
#include "ottobot/testing/recording_delta_sink.hpp"

namespace ottobot::testing {

// The provider, and what has to live as long as it does.
struct LlmProviderRig {
  std::shared_ptr<void> support;  // a server, for instance; destroyed after the provider
  std::unique_ptr<LlmProvider> provider;
  std::string model;
  std::string unknown_model;  // describe() has never heard of it; empty = it knows every name
};

struct LlmProviderCase {
  std::string name;
  std::function<LlmProviderRig()> make;
};
inline void PrintTo(const LlmProviderCase& value, std::ostream* out) { *out << value.name; }

inline Json llm_contract_scenario() {
  return Json::parse(R"({"turns": [
    {"when": "contract:text", "steps": [{"thinking": "Let me think.", "text": "Grüße, 世界! 🌍 That is all.", "chunk": 5}]},
    {"when": "contract:tools", "steps": [
      {"text": "Two calls.", "tool_calls": [{"name": "echo", "args": {"value": 1}}, {"name": "echo", "args": {"value": 2}}]},
      {"tool_calls": [{"name": "echo", "args": {"value": "drei"}}]},
      {"text": "Done."}]},
    {"when": "contract:slow", "steps": [{"delay_ms": 60000, "text": "late"}]},
    {"when": "contract:unavailable", "steps": [{"error": {"code": "unavailable", "message": "overloaded"}}]},
    {"when": "contract:exhausted", "steps": [
      {"error": {"code": "resource_exhausted", "message": "slow down", "retry_after_ms": 2000}}]}]})");
}

class LlmProviderContract : public ::testing::TestWithParam<LlmProviderCase> {
 protected:
  LlmProviderContract() : rig_(GetParam().make()) {}

  static Message user_text(const std::string& text) { return {Role::user, {TextPart{text, nullptr}}}; }

  static Message results_of(const Message& model) {
    Message message;
    for (const Part& part : model.parts) {
      const auto* call = std::get_if<ToolCallPart>(&part);
      if (call == nullptr) continue;
      ToolResultPart result;
      result.call_id = call->call_id;
      result.provider_id = call->provider_id;
      result.name = call->name;
      result.content = Json::array({{{"type", "text"}, {"text", call->args.dump()}}});
      message.parts.push_back(std::move(result));
    }
    return message;
  }

  static std::vector<ToolCallPart> calls_of(const Message& message) {
    std::vector<ToolCallPart> calls;
    for (const Part& part : message.parts) {
      if (const auto* call = std::get_if<ToolCallPart>(&part)) calls.push_back(*call);
    }
    return calls;
  }

  Result<Completion> complete(const std::vector<Message>& messages, DeltaSink& sink, const CallContext& ctx) {
    CompletionParams params;
    params.model = rig_.model;
    params.system = "You are under test.";
    params.messages = messages;
    params.tools = tools_;
    return rig_.provider->complete(params, sink, ctx);
  }
  Result<Completion> ask(const std::string& prompt, DeltaSink& sink, const CallContext& ctx) {
    return complete({user_text(prompt)}, sink, ctx);
  }

  LlmProviderRig rig_;
  const std::vector<ToolSpec> tools_ = {{"echo",
                                         "Returns its argument.",
                                         {{"type", "object"},
                                          {"properties", {{"value", {{"description", "anything"}}}}},
                                          {"required", Json::array({"value"})}},
                                         true}};
  const CallContext ctx_ = with_timeout(std::chrono::seconds(20));
};

TEST_P(LlmProviderContract, StreamsTheTextThatItReturns) {
  RecordingDeltaSink sink;
  auto done = ask("contract:text", sink, ctx_);
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_EQ(done->finish, FinishReason::stop);
  EXPECT_EQ(done->message.role, Role::model);
  EXPECT_EQ(text_of(done->message), "Grüße, 世界! 🌍 That is all.");
  EXPECT_EQ(sink.text, text_of(done->message));
  EXPECT_EQ(sink.resets, 0);
  EXPECT_TRUE(sink.all_valid_utf8);
}

TEST_P(LlmProviderContract, CallsTheSinkOnTheCallingThreadOnly) {
  RecordingDeltaSink sink;
  ASSERT_TRUE(ask("contract:text", sink, ctx_));
  EXPECT_EQ(sink.threads, std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST_P(LlmProviderContract, CountsTokens) {
  RecordingDeltaSink sink;
  auto done = ask("contract:text", sink, ctx_);
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_GT(done->usage.input_tokens, 0);
  EXPECT_GT(done->usage.output_tokens, 0);
}

TEST_P(LlmProviderContract, GivesEveryCallAnIdOfItsOwn) {
  RecordingDeltaSink sink;
  auto done = ask("contract:tools", sink, ctx_);
  ASSERT_TRUE(done) << done.error().to_string();
  const auto calls = calls_of(done->message);
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_FALSE(calls[0].call_id.empty());
  EXPECT_NE(calls[0].call_id, calls[1].call_id);
  EXPECT_EQ(calls[0].name, "echo");
  EXPECT_EQ(calls[0].args, Json({{"value", 1}}));
  EXPECT_EQ(calls[1].args, Json({{"value", 2}}));
}

TEST_P(LlmProviderContract, GoesOnFromToolResultsToTheAnswer) {
  std::vector<Message> messages = {user_text("contract:tools")};
  RecordingDeltaSink sink;
  for (int step = 0; step < 3; ++step) {
    auto done = complete(messages, sink, ctx_);
    ASSERT_TRUE(done) << done.error().to_string();
    // Through its stored form, as in a session.
    auto stored = message_from_json(to_json(done->message));
    ASSERT_TRUE(stored) << stored.error().to_string();
    messages.push_back(*stored);
    if (calls_of(*stored).empty()) break;
    messages.push_back(results_of(*stored));
  }
  EXPECT_EQ(messages.size(), 6u);
  EXPECT_EQ(text_of(messages.back()), "Done.");
}

TEST_P(LlmProviderContract, AcceptsAHistoryWithHoles) {
  RecordingDeltaSink sink;
  auto first = ask("contract:tools", sink, ctx_);
  ASSERT_TRUE(first) << first.error().to_string();
  Message half = results_of(first->message);
  half.parts.pop_back();
  Message orphan = half;
  std::get<ToolResultPart>(orphan.parts[0]).call_id = "nobody-asked";
  Message foreign{Role::model, {TextPart{"from another model", {{"provider", "other"}, {"signature", "x"}}}}};
  auto done = complete({user_text("contract:tools"), first->message, half, orphan, user_text("\xff stop that"), foreign,
                        user_text("contract:text")},
                       sink, ctx_);
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_EQ(text_of(done->message), "Grüße, 世界! 🌍 That is all.");
}

TEST_P(LlmProviderContract, StopEndsABlockedCall) {
  RecordingDeltaSink sink;
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  auto done = ask("contract:slow", sink, ctx_.with_stop(stop.get_token()));
  stopper.join();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::cancelled);
}

TEST_P(LlmProviderContract, DeadlineEndsABlockedCall) {
  RecordingDeltaSink sink;
  auto done = ask("contract:slow", sink, ctx_.within(std::chrono::milliseconds(100)));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::deadline_exceeded);
}

TEST_P(LlmProviderContract, AStoppedCallDoesNotBegin) {
  RecordingDeltaSink sink;
  std::stop_source stop;
  stop.request_stop();
  auto done = ask("contract:text", sink, ctx_.with_stop(stop.get_token()));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::cancelled);
  EXPECT_EQ(sink.text, "");
}

TEST_P(LlmProviderContract, OverloadIsUnavailable) {
  RecordingDeltaSink sink;
  auto done = ask("contract:unavailable", sink, ctx_);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unavailable);
}

TEST_P(LlmProviderContract, ARateLimitSaysWhenToComeBack) {
  RecordingDeltaSink sink;
  auto done = ask("contract:exhausted", sink, ctx_);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::resource_exhausted);
  EXPECT_EQ(done.error().retry_after, std::chrono::milliseconds(2000));
}

TEST_P(LlmProviderContract, RunsCallsSideBySide) {
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, &right] {
      RecordingDeltaSink sink;
      auto done = ask("contract:text", sink, ctx_);
      if (done && sink.text == text_of(done->message)) ++right;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 8);
}

TEST_P(LlmProviderContract, DescribesItsModel) {
  auto info = rig_.provider->describe(rig_.model, ctx_);
  ASSERT_TRUE(info) << info.error().to_string();
  EXPECT_EQ(info->id, rig_.model);
  if (rig_.unknown_model.empty()) return;
  auto unknown = rig_.provider->describe(rig_.unknown_model, ctx_);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
}

}  // namespace ottobot::testing
