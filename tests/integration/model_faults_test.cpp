// The whole service against a vendor whose every answer may go wrong: each turn ends as it should and says so, nothing
// of a faulty answer is run or stays, and the session goes on.
#include <gtest/gtest.h>

#include <iomanip>
#include <map>
#include <sstream>

#include "api/socket_client.hpp"
#include "integration/fault_turns.hpp"
#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"

namespace ottobot::integration {
namespace {

using api::test::SocketClient;
using testing::GeminiStandIn;
using Frames = std::vector<Json>;

constexpr std::chrono::seconds kFrame{30};

std::string prompt_of(std::size_t turn) {
  std::ostringstream text;
  text << "turn-" << std::setw(3) << std::setfill('0') << turn;
  return text.str();
}

// Every prompt has one command that leaves its name behind, and an answer with its name. The newest prompt is matched
// first: after a failed turn the model sees both.
Json tracing_scenario(std::size_t turns) {
  std::vector<Json> list;
  for (std::size_t i = turns; i-- > 0;) {
    const std::string name = prompt_of(i);
    list.push_back(
        {{"when", name},
         {"steps",
          {step("Working on " + name, {run_command("echo " + name + " >> trace.txt")}), step("Done " + name)}}});
  }
  return scenario(std::move(list));
}

bool ends_a_turn(const Json& frame) {
  return get_string(frame, "type") == "system_update" && frame.contains("metadata") &&
         frame["metadata"].contains("outcome");
}

std::string last_text(const Frames& frames) {
  std::string text;
  for (const Json& frame : frames) {
    if (get_string(frame, "type") == "agent_response") text = get_string(frame, "content");
  }
  return text;
}

// What a client that shows deltas has on its screen, by message.
std::map<std::string, std::string> shown(const Frames& frames) {
  std::map<std::string, std::string> texts;
  for (const Json& frame : frames) {
    if (get_string(frame, "type") != "agent_delta") continue;
    const Json& metadata = frame["metadata"];
    std::string& text = texts[get_string(metadata, "message_id")];
    if (get_bool(metadata, "reset")) text.clear();
    EXPECT_EQ(get_int(metadata, "offset"), static_cast<std::int64_t>(utf8_length(text).value_or(0))) << frame;
    text += get_string(frame, "content");
  }
  std::erase_if(texts, [](const auto& entry) { return entry.second.empty(); });
  return texts;
}

class ModelFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    auto stand_in = GeminiStandIn::start({tracing_scenario(100), 0, "test"});
    ASSERT_TRUE(stand_in) << stand_in.error().to_string();
    model_ = std::move(*stand_in);
    const Environment settings{{"GEMINI_BASE_URL", model_->base_url()},
                               {"GEMINI_API_KEY", "test"},
                               {"LLM_MODEL", "gemini:gemini-3-pro-preview"},
                               {"OTTOBOT_RETRY_DELAY", "0"},
                               {"OTTOBOT_MODEL_IDLE_TIMEOUT", "2s"}};
    server_.emplace(settings);
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_->url());
  }

  void TearDown() override {
    ASSERT_TRUE(model_);
    EXPECT_THAT(model_->violations(), ::testing::IsEmpty());
  }

  void open_session() {
    id_ = client_->create(prompt_of(0));
    ASSERT_FALSE(id_.empty()) << server_->log();
    connect(0);
  }
  void connect(std::int64_t after) {
    socket_.emplace(server_->port(), "/session/" + id_ + "/chat?deltas=1&after=" + std::to_string(after));
    ASSERT_TRUE(socket_->accepted());
  }
  void prompt(const std::string& content) { socket_->send_json({{"type", "user_prompt"}, {"content", content}}); }

  Frames read_turn() {
    Frames frames;
    do {
      frames.push_back(socket_->next_json(kFrame));
      if (frames.back().is_null()) {
        ADD_FAILURE() << "the turn does not end\n" << server_->log();
        break;
      }
    } while (!ends_a_turn(frames.back()));
    return frames;
  }
  Json wait_for_frame(const std::function<bool(const Json&)>& holds) {
    Json frame;
    do {
      frame = socket_->next_json(kFrame);
    } while (!frame.is_null() && !holds(frame));
    return frame;
  }

  void expect_end(const FaultTurn& turn, const std::string& name, const Frames& frames) {
    const Json& end = frames.back();
    const Json& metadata = end["metadata"];
    EXPECT_EQ(get_string(metadata, "outcome"), turn.outcome) << end;
    EXPECT_EQ(get_string(metadata, "session_status"), "ready") << end;
    EXPECT_EQ(get_string(client_->get("/session/" + id_), "status"), "ready");
    EXPECT_EQ(model_->planned(), 0u) << "answers that nobody asked for";
    if (turn.outcome == "completed") {
      EXPECT_EQ(last_text(frames), "Done " + name);
      EXPECT_FALSE(metadata.contains("error")) << end;
    } else {
      const Json error = metadata.value("error", Json::object());
      EXPECT_EQ(get_string(error, "code"), turn.code) << end;
      EXPECT_NE(get_string(error, "message"), "") << end;
      EXPECT_NE(get_string(error, "hint"), "") << end;
    }
    expect_error_frame(turn, frames);
  }

  static void expect_error_frame(const FaultTurn& turn, const Frames& frames) {
    int errors = 0;
    for (const Json& frame : frames) errors += get_string(frame, "type") == "error" ? 1 : 0;
    EXPECT_EQ(errors, turn.outcome == "failed" ? 1 : 0);
    if (turn.outcome != "failed" || frames.size() < 2) return;
    const Json& error = frames[frames.size() - 2];
    EXPECT_EQ(get_string(error, "type"), "error") << error;
    EXPECT_NE(get_string(error, "error"), "");
    EXPECT_FALSE(error.contains("seq"));
  }

  // Text that was taken back is on no screen, in no frame and in no event.
  void expect_nothing_partial(const FaultTurn& turn, const Frames& frames, std::int64_t after) {
    const bool keeps_text = turn.outcome == "limit";  // what came before the limit is the answer
    for (const auto& [id, text] : shown(frames)) {
      EXPECT_TRUE(keeps_text || text.find(kPartial) == std::string::npos) << text;
    }
    for (const Json& event : client_->events(id_, after)) {
      const bool is_answer = get_string(event, "type") == "agent_message";
      const bool may_hold_it = keeps_text && is_answer;
      EXPECT_TRUE(may_hold_it || dump_json(event).find(kPartial) == std::string::npos) << event;
      EXPECT_EQ(dump_json(event).find(kNeverRun), std::string::npos) << event;
    }
  }

  std::unique_ptr<GeminiStandIn> model_;
  std::optional<ServerProcess> server_;
  std::optional<SessionClient> client_;
  std::optional<SocketClient> socket_;
  std::string id_;
};

TEST_F(ModelFaults, EveryTurnEndsAsItShouldAndTheSessionGoesOn) {
  const auto turns = fault_turns();
  ASSERT_GT(turns.size(), 50u);
  std::string trace;
  std::int64_t after = 0;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    SCOPED_TRACE(turns[i].name);
    const std::string name = prompt_of(i);
    for (const auto& plan : turns[i].plan) model_->plan_next(plan);
    i == 0 ? open_session() : prompt(name);
    const Frames frames = read_turn();
    expect_end(turns[i], name, frames);
    expect_nothing_partial(turns[i], frames, after);
    const auto results = of_type(client_->events(id_, after), "tool_result");
    for (std::size_t n = 0; n < results.size(); ++n) trace += name + "\n";
    EXPECT_LE(results.size(), 1u);
    after = get_int(frames.back(), "seq");
    if (HasFatalFailure() || frames.back().is_null()) return;
  }
  EXPECT_EQ(client_->file(id_, "trace.txt"), trace);
  std::size_t completed = 0;
  for (const FaultTurn& turn : turns) completed += turn.outcome == "completed" ? 1 : 0;
  EXPECT_GE(of_type(client_->events(id_), "tool_result").size(), completed);
}

TEST_F(ModelFaults, AStopEndsASilentCallAtOnceAndTakesItsTextBack) {
  model_->answer_next(silence());
  open_session();
  wait_for_frame([](const Json& frame) { return get_string(frame, "type") == "agent_delta"; });
  const auto began = std::chrono::steady_clock::now();
  socket_->send_json({{"type", "stop"}});
  const Frames frames = read_turn();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(1500));
  EXPECT_EQ(get_string(frames.back()["metadata"], "outcome"), "stopped") << frames.back();
  EXPECT_TRUE(shown(frames).empty());
  EXPECT_EQ(last_text(frames), "");
  prompt(prompt_of(1));
  expect_end({"next", {}}, prompt_of(1), read_turn());
}

TEST_F(ModelFaults, AStopEndsTheWaitForARateLimitAtOnce) {
  model_->answer_next(rate_limit("60s"));
  open_session();
  const Json warning = wait_for_frame([](const Json& frame) {
    return get_string(frame, "content").find("made again in 60 seconds") != std::string::npos;
  });
  EXPECT_EQ(get_string(warning, "type"), "system_update") << warning;
  const auto began = std::chrono::steady_clock::now();
  socket_->send_json({{"type", "stop"}});
  const Frames frames = read_turn();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(1500));
  EXPECT_EQ(get_string(frames.back()["metadata"], "outcome"), "stopped");
  EXPECT_EQ(model_->requests().size(), 1u);
  prompt(prompt_of(1));
  expect_end({"next", {}}, prompt_of(1), read_turn());
}

TEST_F(ModelFaults, AServerThatDiesInAModelCallMakesItAgain) {
  model_->play_next({});
  model_->answer_next(silence());
  open_session();
  ASSERT_TRUE(eventually([&] { return model_->silences() == 1; }, kFrame));
  server_->kill9();
  ASSERT_TRUE(server_->start()) << server_->log();
  client_.emplace(server_->url());
  connect(0);
  const Frames frames = read_turn();
  expect_end({"restarted", {}}, prompt_of(0), frames);
  expect_nothing_partial({"restarted", {}}, frames, 0);
  EXPECT_EQ(client_->file(id_, "trace.txt"), prompt_of(0) + "\n");
}

}  // namespace
}  // namespace ottobot::integration
