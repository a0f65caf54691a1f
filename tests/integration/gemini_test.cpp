// The whole service against the strict stand-in for the Gemini API: what a user with a key gets.

#include <gtest/gtest.h>

#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"
#include "llm/gemini_stand_in.hpp"

namespace ottobot::integration {
namespace {

using testing::GeminiStandIn;

constexpr const char* kModel = "gemini-3-pro-preview";
constexpr const char* kApp =
    "export const App = () => <h1>To-do: caf\u00e9 \u2713 \u65e5\u672c\u8a9e \U0001F680</h1>;\n";
constexpr const char* kWindows = "first\r\nsecond\r\n\tthird without an end";
constexpr const char* kNotesPath = "docs/\u30e1\u30e2 1.md";
constexpr const char* kNotes = "\xEF\xBB\xBF# Notes \"quoted\" \\ back\n";

Json write_file(const std::string& path, const std::string& content) {
  return call("write_file", {{"path", path}, {"content", content}});
}

Json todo_app() {
  return scenario(
      {turn(1, {step("I will write the app.", {write_file("src/App.tsx", kApp), write_file("windows.txt", kWindows),
                                               write_file(kNotesPath, kNotes)}),
                step("Testing it.", {run_command("echo to-out; echo to-err >&2; exit 3")}),
                step("The test fails with 3, as it should.")}),
       turn(2, {step("Looking again.", {call("read_file", {{"path", "src/App.tsx"}})}), step("It is as I left it.")})});
}

GeminiStandIn::Canned refusal(int status, const std::string& name, const Json& details = Json::array()) {
  return {status, "application/json", testing::google_error(status, name, "not now", details)};
}

// All function responses of a request, by the name of the function.
std::vector<Json> responses_in(const Json& request) {
  std::vector<Json> found;
  for (const Json& content : request["contents"]) {
    for (const Json& part : content["parts"]) {
      if (part.contains("functionResponse")) found.push_back(part["functionResponse"]);
    }
  }
  return found;
}

class Gemini : public ::testing::Test {
 protected:
  void SetUp() override {
    auto stand_in = GeminiStandIn::start({todo_app(), 0, "test"});
    ASSERT_TRUE(stand_in) << stand_in.error().to_string();
    model_ = std::move(*stand_in);
    const Environment settings{{"GEMINI_BASE_URL", model_->base_url()},
                               {"GEMINI_API_KEY", "test"},
                               {"LLM_MODEL", std::string("gemini:") + kModel}};
    server_.emplace(settings);
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_->url());
  }

  void TearDown() override {
    ASSERT_TRUE(model_);
    EXPECT_THAT(model_->violations(), ::testing::IsEmpty());
  }

  void expect_completed(const Json& end) const {
    ASSERT_EQ(get_string(end.value("data", Json::object()), "outcome"), "completed") << end << server_->log();
  }

  std::unique_ptr<GeminiStandIn> model_;
  std::optional<ServerProcess> server_;
  std::optional<SessionClient> client_;
};

TEST_F(Gemini, FilesAreByteForByteWhatTheModelSent) {
  const std::string id = client_->create("Build a React todo app with TypeScript");
  expect_completed(client_->wait_for_turn(id));
  EXPECT_EQ(client_->file(id, "src/App.tsx"), kApp);
  EXPECT_EQ(client_->file(id, "windows.txt"), kWindows);
  EXPECT_EQ(client_->file(id, kNotesPath), kNotes);
}

TEST_F(Gemini, TheModelSeesWhatItsToolsDid) {
  const std::string id = client_->create("Build a React todo app with TypeScript");
  expect_completed(client_->wait_for_turn(id));
  const auto requests = model_->requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(responses_in(requests[1]).size(), 3u);
  const auto responses = responses_in(requests[2]);
  ASSERT_EQ(responses.size(), 4u);
  const char* paths[] = {"src/App.tsx", "windows.txt", kNotesPath};
  for (std::size_t i = 0; i < std::size(paths); ++i) {
    EXPECT_EQ(get_string(responses[i], "name"), "write_file");
    EXPECT_NE(dump_json(responses[i]).find(paths[i]), std::string::npos) << responses[i];
  }
  const std::string result = dump_json(responses[3]);
  EXPECT_EQ(get_string(responses[3], "name"), "execute_command");
  EXPECT_NE(result.find("Exit code: 3"), std::string::npos) << result;
  EXPECT_NE(result.find("to-out"), std::string::npos) << result;
  EXPECT_NE(result.find("to-err"), std::string::npos) << result;
  // A command that ran and failed is a result, not an error of the tool.
  const Json ran = client_->wait_for(id, nth(4, is_type("tool_result")), std::chrono::seconds(1));
  EXPECT_EQ(get_string(ran["data"], "outcome"), "ok") << ran;
  EXPECT_EQ(get_int(ran["data"], "exit_code"), 3) << ran;
}

TEST_F(Gemini, ALaterPromptGoesOnWithTheWholeHistory) {
  const std::string id = client_->create("Build a React todo app with TypeScript");
  const Json first = client_->wait_for_turn(id);
  expect_completed(first);
  ASSERT_TRUE(client_->prompt(id, "Is it still there?"));
  expect_completed(client_->wait_for_turn(id, get_int(first, "seq")));
  const auto requests = model_->requests();
  ASSERT_EQ(requests.size(), 5u);
  for (std::size_t i = 1; i < requests.size(); ++i) {
    const Json &before = requests[i - 1]["contents"], &now = requests[i]["contents"];
    ASSERT_GT(now.size(), before.size());
    EXPECT_TRUE(std::equal(before.begin(), before.end(), now.begin())) << "request " << i << ": " << now;
  }
  const Json& last = requests.back()["contents"];
  EXPECT_NE(dump_json(last).find("The test fails with 3, as it should."), std::string::npos);
  EXPECT_NE(dump_json(last).find("Is it still there?"), std::string::npos);
  const auto responses = responses_in(requests.back());
  ASSERT_EQ(responses.size(), 5u);
  EXPECT_NE(dump_json(responses.back()).find("\u65e5\u672c\u8a9e \U0001F680"), std::string::npos) << responses.back();
}

TEST_F(Gemini, ARefusalBeforeTheAnswerIsTriedAgain) {
  const Json wait = {{"@type", "type.googleapis.com/google.rpc.RetryInfo"}, {"retryDelay", "0.2s"}};
  model_->answer_next(refusal(429, "RESOURCE_EXHAUSTED", Json::array({wait})));
  model_->answer_next(refusal(503, "UNAVAILABLE"));
  const std::string id = client_->create("Build a React todo app with TypeScript");
  expect_completed(client_->wait_for_turn(id));
  EXPECT_EQ(model_->requests().size(), 5u);
  EXPECT_EQ(client_->file(id, "src/App.tsx"), kApp);
  const Events events = client_->events(id);
  EXPECT_EQ(of_type(events, "agent_message").size(), 3u);
  EXPECT_EQ(of_type(events, "tool_result").size(), 4u);
}

}  // namespace
}  // namespace ottobot::integration
