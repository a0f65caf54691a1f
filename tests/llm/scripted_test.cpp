#include "ottobot/llm/scripted.hpp"

#include <filesystem>
#include <fstream>

#include "net/process/spawn.hpp"
#include "ottobot/ids.hpp"
#include "ottobot/testing/recording_delta_sink.hpp"
#include "skip.hpp"

namespace ottobot::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

Message prompt(const std::string& text) { return {Role::user, {TextPart{text, nullptr}}}; }

Completion answer(LlmProvider& provider, const std::vector<Message>& messages) {
  RecordingDeltaSink sink;
  CompletionParams params;
  params.model = "demo";
  params.messages = messages;
  auto done = provider.complete(params, sink, {});
  EXPECT_TRUE(done);
  return done ? *done : Completion{};
}

std::unique_ptr<LlmProvider> play(const Json& scenario) {
  return std::move(*make_scripted_provider({scenario, "", nullptr}));
}

TEST(Scripted, NamesTheFieldThatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {R"([])", "scenario"},
      {R"({"turns": {}})", "scenario.turns"},
      {R"({"turns": [{"when": 7, "steps": []}]})", "turns[0].when"},
      {R"({"turns": [{"steps": [{"txet": ""}]}]})", "turns[0].steps[0].txet"},
      {R"({"turns": [{"steps": [{}, {"tool_calls": [{"args": {}}]}]}]})", "turns[0].steps[1].tool_calls[0].name"},
      {R"({"turns": [{"steps": [{"tool_calls": [{"name": "x", "args": []}]}]}]})",
       "turns[0].steps[0].tool_calls[0].args"},
      {R"({"turns": [{"steps": [{"delay_ms": -1}]}]})", "turns[0].steps[0].delay_ms"},
      {R"({"turns": [{"steps": [{"error": {"code": "sad"}}]}]})", "turns[0].steps[0].error.code"}};
  for (const auto& [text, field] : cases) {
    auto provider = make_scripted_provider({Json::parse(text), "", nullptr});
    ASSERT_FALSE(provider) << text;
    EXPECT_EQ(provider.error().code, ErrorCode::invalid_argument);
    ASSERT_FALSE(provider.error().details.empty()) << text;
    EXPECT_EQ(provider.error().details[0].field, field);
  }
  EXPECT_EQ(make_scripted_provider({nullptr, "/no/such/file", nullptr}).error().code, ErrorCode::not_found);
}

TEST(Scripted, ChoosesTheStepFromTheConversationAlone) {
  const Json scenario = Json::parse(R"({"turns": [
    {"when": "alpha", "steps": [{"text": "a1"}, {"text": "a2"}]}, {"prompt": 2, "steps": [{"text": "second"}]}]})");
  const std::vector<Message> begun = {prompt("do alpha"), {Role::model, {}}};
  EXPECT_EQ(text_of(answer(*play(scenario), {prompt("do alpha")}).message), "a1");
  EXPECT_EQ(text_of(answer(*play(scenario), begun).message), "a2");
  EXPECT_EQ(text_of(answer(*play(scenario), {begun[0], begun[1], prompt("other")}).message), "second");
  EXPECT_THAT(text_of(answer(*play(scenario), {prompt("nothing known")}).message), HasSubstr("nothing known"));
  EXPECT_THAT(text_of(answer(*play(scenario), {begun[0], begun[1], begun[1]}).message), HasSubstr("no further step"));
}

// Carries out the demonstration's calls in a folder, as the tools would.
class DemoTest : public ::testing::Test {
 protected:
  DemoTest() { std::filesystem::create_directories(folder_); }
  ~DemoTest() override { std::filesystem::remove_all(folder_); }

  std::string run_tool(const ToolCallPart& call) {
    if (call.name == "write_file") {
      const std::filesystem::path path = folder_ / get_string(call.args, "path");
      std::filesystem::create_directories(path.parent_path());
      std::ofstream(path) << get_string(call.args, "content");
      return "written";
    }
    if (call.name != "execute_command") return "listed";
    net::SpawnOptions options;
    options.argv = {"/bin/sh", "-c", get_string(call.args, "command")};
    options.cwd = folder_;
    options.env = std::map<std::string, std::string>{{"PATH", path_}, {"HOME", folder_}};
    auto result = net::run(options, with_timeout(60s));
    EXPECT_TRUE(result);
    EXPECT_EQ(result->status.code, 0) << result->out << result->err;
    outputs_ += result->out + result->err;
    return result->out;
  }

  // Until an answer without calls; returns the number of model messages.
  int run_turn(const std::string& text) {
    messages_.push_back(prompt(text));
    for (int steps = 1; steps < 20; ++steps) {
      messages_.push_back(answer(*provider_, messages_).message);
      Message results;
      for (const Part& part : messages_.back().parts) {
        const auto* call = std::get_if<ToolCallPart>(&part);
        if (call == nullptr) continue;
        ToolResultPart result;
        result.call_id = call->call_id;
        result.name = call->name;
        result.content = Json::array({{{"type", "text"}, {"text", run_tool(*call)}}});
        results.parts.push_back(std::move(result));
      }
      if (results.parts.empty()) return steps;
      messages_.push_back(std::move(results));
    }
    ADD_FAILURE() << "the turn has no end";
    return 0;
  }

  const std::filesystem::path folder_ = "/tmp/ottobot-demo-" + new_id();
  std::string path_ = "/usr/local/bin:/usr/bin:/bin";
  std::unique_ptr<LlmProvider> provider_ = play(make_demo_scenario());
  std::vector<Message> messages_;
  std::string outputs_;
};

TEST_F(DemoTest, BuildsTestsAndRunsItsProjectAndThenExtendsIt) {
  if (!net::has_program("tsc") || !net::has_program("node")) OTTOBOT_SKIP_UNLESS_CI("needs tsc and node");
  EXPECT_EQ(run_turn("make me something"), 10);
  EXPECT_THAT(text_of(messages_[1]), HasSubstr("demonstration without a model key"));
  EXPECT_THAT(outputs_, HasSubstr("compiled without errors"));
  EXPECT_THAT(outputs_, HasSubstr("all tests passed"));
  EXPECT_THAT(outputs_, HasSubstr("1. [x] Try the demonstration\n2. [ ] Set a model key"));
  outputs_.clear();
  run_turn("now change it");
  EXPECT_THAT(outputs_, HasSubstr("all tests passed"));
  EXPECT_THAT(outputs_, HasSubstr("2 in all, 1 done, 1 open (50 % done)"));
  EXPECT_EQ(run_turn("again"), 1);
  EXPECT_THAT(text_of(messages_.back()), HasSubstr("demonstration"));
}

TEST_F(DemoTest, SaysSoWhereCompilerAndNodeAreMissing) {
  path_ = "/nonexistent";
  EXPECT_EQ(run_turn("make me something"), 10);
  EXPECT_THAT(outputs_, HasSubstr("tsc is not installed here"));
  EXPECT_THAT(outputs_, HasSubstr("node is not installed here"));
}

}  // namespace
}  // namespace ottobot::testing
