#include "llm/gemini/decoder.hpp"

#include "llm/gemini/models.hpp"
#include "llm/sse.hpp"
#include "ottobot/testing/recording_delta_sink.hpp"

namespace ottobot::llm::gemini {
namespace {

using ottobot::testing::RecordingDeltaSink;
using ::testing::HasSubstr;

constexpr const char* kModel = "gemini-3-pro-preview";

const std::string kStream =
    ": comment\r\n"
    R"(data: {"candidates":[{"content":{"parts":[{"text":"Hm…","thought":true}],"role":"model"}}],"usageMetadata":{"promptTokenCount":9}})"
    "\r\n\r\n"
    R"(data: {"candidates":[{"content":{"parts":[{"text":"Grü"}]}}]})"
    "\r\n\r\n: keep-alive\r\n"
    R"(data: {"candidates":[{"content":{"parts":[{"text":"ße 🌍"},{"functionCall":{"name":"run","args":{"cmd":"make"},"id":"v1"},"thoughtSignature":"c2ln"}]}}]})"
    "\r\n\r\n"
    R"(data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"run","args":{}}},{"text":""}]}}]})"
    "\n\n"
    R"(data: {"candidates":[{"content":{},"finishReason":"STOP"}],"modelVersion":"v",)"
    "\r"
    R"(data: "usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":4,"thoughtsTokenCount":3,"cachedContentTokenCount":2}})"
    "\r\r";

Result<Completion> decode(std::string_view stream, RecordingDeltaSink& sink, std::size_t split = 0) {
  StreamDecoder decoder(kModel, {});
  for (std::string_view piece : {stream.substr(0, split), stream.substr(split)}) {
    if (auto ok = decoder.feed(piece, sink); !ok) return fail(ok.error());
  }
  return decoder.finish(sink);
}

Result<Completion> decode(std::string_view stream) {
  RecordingDeltaSink sink;
  return decode(stream, sink);
}

std::string ending(const std::string& reason, const std::string& parts = R"({"text":"x"})") {
  return R"(data: {"candidates":[{"content":{"parts":[)" + parts + R"(]},"finishReason":")" + reason +
         R"(","finishMessage":"why"}]})" + "\n\n";
}

void expect_whole(const Result<Completion>& done, const RecordingDeltaSink& sink) {
  ASSERT_TRUE(done) << done.error().to_string();
  ASSERT_EQ(done->message.parts.size(), 4u);
  EXPECT_EQ(std::get<ThinkingPart>(done->message.parts[0]).text, "Hm…");
  EXPECT_EQ(std::get<TextPart>(done->message.parts[1]).text, "Grüße 🌍");
  const auto& call = std::get<ToolCallPart>(done->message.parts[2]);
  EXPECT_EQ(call.provider_id, "v1");
  EXPECT_EQ(call.args, Json({{"cmd", "make"}}));
  EXPECT_EQ(call.opaque, Json({{"provider", "gemini"}, {"model", kModel}, {"thoughtSignature", "c2ln"}}));
  const auto& second = std::get<ToolCallPart>(done->message.parts[3]);
  EXPECT_TRUE(second.provider_id.empty());
  EXPECT_NE(second.call_id, call.call_id);
  EXPECT_EQ(done->usage, (Usage{10, 7, 2, 0}));
  EXPECT_EQ(done->finish, FinishReason::stop);
  EXPECT_EQ(sink.text, "Grüße 🌍");
  EXPECT_EQ(sink.thinking, "Hm…");
}

TEST(GeminiDecoder, EverySplitOfTheStreamGivesTheSameAnswer) {
  for (std::size_t split = 0; split <= kStream.size(); ++split) {
    RecordingDeltaSink sink;
    expect_whole(decode(kStream, sink, split), sink);
    if (::testing::Test::HasFailure()) FAIL() << "split at " << split;
  }
}

TEST(GeminiDecoder, OneByteAtATimeGivesTheSameAnswer) {
  StreamDecoder decoder(kModel, {});
  RecordingDeltaSink sink;
  const std::string stream = "\xEF\xBB\xBF" + kStream;
  for (const char& c : stream) ASSERT_TRUE(decoder.feed({&c, 1}, sink));
  expect_whole(decoder.finish(sink), sink);
}

TEST(GeminiDecoder, TakesALastEventWithoutItsBlankLine) {
  const std::string event = R"(data: {"candidates":[{"content":{"parts":[{"text":"whole"}]},"finishReason":"STOP"}]})";
  for (const char* end : {"", "\n", "\r\n"}) {
    auto done = decode(event + end);
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_EQ(text_of(done->message), "whole");
  }
  EXPECT_EQ(decode(event.substr(0, event.size() - 4)).error().code, ErrorCode::unavailable);
}

TEST(GeminiDecoder, PassesOverWhatGatewaysAdd) {
  auto done = decode(ending("STOP") + "data:\n\ndata: [DONE]\n\n");
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_EQ(text_of(done->message), "x");
}

TEST(GeminiDecoder, HalfASurrogatePairIsNoReasonToFail) {
  auto done = decode(ending("STOP", R"({"text":"\ud83d\ude00 a\ud83d b\ude00 \\ud83d c\ud83d"})"));
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_EQ(text_of(done->message), "😀 a\uFFFD b\uFFFD \\ud83d c\uFFFD");
}

TEST(GeminiDecoder, AnAnswerWithoutAnEndIsCutOff) {
  StreamDecoder decoder(kModel, {});
  RecordingDeltaSink sink;
  const std::string megabyte(1 << 20, 'x');
  Result<void> fed = decoder.feed("data: ", sink);
  for (int i = 0; i < 100 && fed; ++i) fed = decoder.feed(megabyte, sink);
  ASSERT_FALSE(fed);
  EXPECT_THAT(fed.error().message, HasSubstr("larger than"));
}

TEST(GeminiDecoder, ReadsTheStreamedArrayToo) {
  const std::string array = R"([{"candidates":[{"content":{"parts":[{"text":"a \"}{\" "}]}}]}
,
{"candidates":[{"content":{"parts":[{"text":"b"}]},"finishReason":"STOP"}]}
])";
  for (std::size_t split = 0; split <= array.size(); ++split) {
    RecordingDeltaSink sink;
    auto done = decode(array, sink, split);
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_EQ(text_of(done->message), "a \"}{\" b");
  }
}

TEST(GeminiDecoder, NeverMergesASignedPart) {
  auto done = decode(
      R"(data: {"candidates":[{"content":{"parts":[{"text":"a"},{"text":"b","thoughtSignature":"s1"},{"text":"c"},{"text":"d"}]}}]})"
      "\n\n"
      R"(data: {"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"s2"}]},"finishReason":"STOP"}]})"
      "\n\n");
  ASSERT_TRUE(done) << done.error().to_string();
  std::vector<std::string> shape;
  for (const Part& part : done->message.parts) {
    const auto& text = std::get<TextPart>(part);
    shape.push_back(text.text + "/" + get_string(text.opaque, "thoughtSignature"));
  }
  EXPECT_THAT(shape, ::testing::ElementsAre("a/", "b/s1", "cd/", "/s2"));
}

TEST(GeminiDecoder, AStreamWithoutItsEndMarkerIsUnavailable) {
  auto done = decode("data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"half\"}]}}]}\n\n");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unavailable);
  EXPECT_EQ(decode("").error().code, ErrorCode::unavailable);
  EXPECT_EQ(decode("data: {\"cand\n\n").error().code, ErrorCode::unavailable);
}

TEST(GeminiDecoder, AnEmptyAnswerIsUnavailable) {
  EXPECT_EQ(decode(ending("STOP", R"({"text":""})")).error().code, ErrorCode::unavailable);
}

TEST(GeminiDecoder, AMalformedCallLeavesNothingToRun) {
  for (const char* reason : {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"}) {
    auto done = decode(ending(reason, R"({"text":"so"},{"functionCall":{"name":"f","args":{}}})"));
    ASSERT_TRUE(done);
    EXPECT_EQ(done->finish, FinishReason::malformed);
    EXPECT_EQ(done->message.parts.size(), 1u);
    EXPECT_THAT(done->detail, HasSubstr("why"));
  }
}

TEST(GeminiDecoder, ALaterStopDoesNotTakeAFailureBack) {
  auto done = decode(ending("MALFORMED_FUNCTION_CALL", R"({"functionCall":{"name":"f","args":{}}})") + ending("STOP"));
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_EQ(done->finish, FinishReason::malformed);
}

TEST(GeminiDecoder, OtherEndsAreToldApart) {
  EXPECT_EQ(decode(ending("MAX_TOKENS"))->finish, FinishReason::length);
  EXPECT_EQ(decode(ending("SAFETY"))->finish, FinishReason::blocked);
  EXPECT_THAT(decode(ending("PROHIBITED_CONTENT"))->detail, HasSubstr("PROHIBITED_CONTENT"));
  auto blocked = decode("data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\n\n");
  ASSERT_TRUE(blocked);
  EXPECT_EQ(blocked->finish, FinishReason::blocked);
  EXPECT_THAT(blocked->detail, HasSubstr("SAFETY"));
}

TEST(GeminiDecoder, ErrorsInsideTheStreamAreErrors) {
  const std::string error = R"({"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}})";
  const std::string begun = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"half\"}]}}]}\n\n";
  for (const std::string& stream :
       {begun + "data: " + error + "\n\n", begun + "data: " + error, begun + Json::parse(error).dump(2), begun + error,
        begun + error + "\n", error, "[" + error + "]"}) {
    auto done = decode(stream);
    ASSERT_FALSE(done) << stream;
    EXPECT_EQ(done.error().code, ErrorCode::unavailable);
  }
  EXPECT_EQ(decode(begun + error + "\n").error().message, "overloaded");
}

TEST(GeminiDecoder, GivesToolsTheirOwnNamesBack) {
  const std::string odd = "my tool/with a name that is longer than sixty-four characters, by far";
  const std::vector<ToolSpec> tools = {{odd, "", Json::object(), false}};
  StreamDecoder decoder(kModel, tools);
  RecordingDeltaSink sink;
  Json part = {{"functionCall", {{"name", ""}, {"args", Json::object()}}}};
  part["functionCall"]["name"] = function_name(odd);
  ASSERT_TRUE(decoder.feed(ending("STOP", part.dump()), sink));
  auto done = decoder.finish(sink);
  ASSERT_TRUE(done);
  EXPECT_EQ(std::get<ToolCallPart>(done->message.parts[0]).name, odd);
}

TEST(SseParser, JoinsDataLinesAndKeepsTypes) {
  SseParser parser;
  auto events = parser.feed(
      "event: greeting\ndata: a\ndata:b\nid: 7\nretry: 1\n\ndata\n\nevent: nothing\n\n: c\ndata: d\r\n\r\n");
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].type, "greeting");
  EXPECT_EQ(events[0].data, "a\nb");
  EXPECT_EQ(events[1].data, "");
  EXPECT_EQ(events[2].data, "d");
  EXPECT_EQ(parser.stray(), "");
}

TEST(GeminiDecoder, CountsOfTokensThatNoAnswerHasAreBounded) {
  const auto done =
      decode(R"(data: {"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}],"usageMetadata":{)"
             R"("promptTokenCount":9223372036854775807,"toolUsePromptTokenCount":9223372036854775807,)"
             R"("candidatesTokenCount":-9223372036854775808,"thoughtsTokenCount":-1,"cachedContentTokenCount":5}})"
             "\n\n");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->usage, (Usage{2'000'000'000'000, 0, 5, 0}));
}

TEST(GeminiDecoder, BlanksBeforeTheFirstEventMayComeApartFromIt) {
  const std::string stream = "\n \t " + ending("STOP");
  for (std::size_t split = 0; split < 6; ++split) {
    RecordingDeltaSink sink;
    const auto done = decode(stream, sink, split);
    ASSERT_TRUE(done) << split << ": " << done.error().to_string();
    EXPECT_EQ(sink.text, "x");
  }
}

}  // namespace
}  // namespace ottobot::llm::gemini
