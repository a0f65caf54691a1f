// The contract suite of McpTransport. A transport's author runs it with
//
//   INSTANTIATE_TEST_SUITE_P(MyTransport, McpTransportContract, testing::Values(McpTransportFactory(make_my_host)));
//
// where make_my_host makes the given mcp::Server reachable through the transport under test.
#pragma once

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "ottobot/mcp/server.hpp"
#include "ottobot/mcp_transport.hpp"

namespace ottobot::testing {

// One server, made reachable. Outlives the transports that it makes.
class McpTransportHost {
 public:
  virtual ~McpTransportHost() = default;
  virtual std::unique_ptr<McpTransport> connect() = 0;
};

// `server` is borrowed by the host.
using McpTransportFactory = std::function<std::unique_ptr<McpTransportHost>(mcp::Server& server)>;

// Keeps what a transport reports, and on which thread.
class RecordingMcpSink final : public McpMessageSink {
 public:
  void on_message(const Json& message) override {
    std::lock_guard lock(mutex_);
    messages_.push_back(message);
    all_on_owner_ = all_on_owner_ && std::this_thread::get_id() == owner_;
  }
  std::vector<Json> messages() const {
    std::lock_guard lock(mutex_);
    return messages_;
  }
  bool all_on_requesting_thread() const {
    std::lock_guard lock(mutex_);
    return all_on_owner_;
  }

 private:
  const std::thread::id owner_ = std::this_thread::get_id();
  mutable std::mutex mutex_;  // guards the rest
  std::vector<Json> messages_;
  bool all_on_owner_ = true;
};

class McpTransportContract : public ::testing::TestWithParam<McpTransportFactory> {
 protected:
  static constexpr std::chrono::seconds kPatience{20};

  McpTransportContract() {
    add("echo",
        [](mcp::ToolCall& call, const CallContext&) { return mcp::text_result(get_string(call.args(), "text")); });
    add("count", [](mcp::ToolCall& call, const CallContext&) {
      const auto steps = get_int(call.args(), "steps");
      std::thread([&] {
        for (int step = 1; step <= steps; ++step) call.progress(step, static_cast<double>(steps), "step");
      }).join();
      return mcp::text_result("counted");
    });
    add("meet", [this](mcp::ToolCall&, const CallContext& ctx) { return meet(ctx); });
    add("hold", [this](mcp::ToolCall& call, const CallContext& ctx) { return hold(call, ctx); });
    host_ = GetParam()(server_);
    transport_ = host_->connect();
    initialize();
  }

  ~McpTransportContract() override {
    release();
    transport_.reset();
    host_.reset();
  }

  static Json call_message(const Json& id, const std::string& tool, const Json& args) {
    Json params = {{"name", tool}, {"arguments", args}};
    params["_meta"]["progressToken"] = id;
    return {{"jsonrpc", "2.0"}, {"id", id}, {"method", "tools/call"}, {"params", params}};
  }

  Result<Json> call(const Json& id, const std::string& tool, const Json& args,
                    CallContext ctx = with_timeout(kPatience)) {
    RecordingMcpSink sink;
    return transport_->request(call_message(id, tool, args), sink, ctx);
  }

  static std::string text_of_response(const Result<Json>& response) {
    if (!response) return response.error().to_string();
    return response->value("/result/content/0/text"_json_pointer, response->dump());
  }

  // Blocks until `count` calls of "hold" run.
  bool wait_for_holders(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return holders_ >= count; });
  }

  // Blocks until no call of "hold" runs any more.
  bool wait_for_no_holder() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return holders_ == 0; });
  }

  void release() {
    std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }

  std::unique_ptr<McpTransport> transport_;

 private:
  void add(const std::string& name, mcp::ToolHandler handler) {
    mcp::Tool tool;
    tool.name = name;
    const auto added = server_.add_tool(std::move(tool), std::move(handler));
    EXPECT_TRUE(added.has_value());
  }

  void initialize() {
    RecordingMcpSink sink;
    const Json params = {{"protocolVersion", mcp::kLegacyVersion},
                         {"capabilities", Json::object()},
                         {"clientInfo", {{"name", "contract"}, {"version", "1"}}}};
    const Json request = {{"jsonrpc", "2.0"}, {"id", 0}, {"method", "initialize"}, {"params", params}};
    const auto response = transport_->request(request, sink, with_timeout(kPatience));
    ASSERT_TRUE(response.has_value()) << response.error().to_string();
    ASSERT_TRUE(response->contains("result")) << response->dump();
    transport_->set_protocol_version(std::string(mcp::kLegacyVersion));
    const Json initialized = {{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}};
    ASSERT_TRUE(transport_->send(initialized, with_timeout(kPatience)).has_value());
  }

  // Comes back once two calls are here at the same time.
  Result<mcp::CallToolResult> meet(const CallContext&) {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    const bool met = changed_.wait_for(lock, kPatience, [this] { return arrived_ >= 2; });
    return met ? mcp::text_result("met") : mcp::error_result("alone");
  }

  // Reports progress until it is cancelled, released or out of time.
  Result<mcp::CallToolResult> hold(mcp::ToolCall& call, const CallContext& ctx) {
    std::stop_callback wake(ctx.stop, [this] {
      std::lock_guard lock(mutex_);
      changed_.notify_all();
    });
    enter_hold(1);
    for (int step = 1; !should_end(ctx); ++step) call.progress(step, 0, "holding");
    enter_hold(-1);
    return mcp::text_result("held");
  }

  void enter_hold(int change) {
    std::lock_guard lock(mutex_);
    holders_ += change;
    changed_.notify_all();
  }

  bool should_end(const CallContext& ctx) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(5), [&] { return released_ || !ctx.check(); });
    return released_ || !ctx.check();
  }

  std::mutex mutex_;  // guards arrived_, holders_ and released_
  std::condition_variable changed_;
  int arrived_ = 0;
  int holders_ = 0;
  bool released_ = false;
  mcp::Server server_{mcp::ServerOptions{}};
  std::unique_ptr<McpTransportHost> host_;
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(McpTransportContract);

TEST_P(McpTransportContract, ReturnsTheResponseWithTheIdOfTheRequest) {
  for (const Json& id : {Json(7), Json("seven"), Json(-1)}) {
    const auto response = call(id, "echo", {{"text", "hello"}});
    ASSERT_TRUE(response.has_value()) << response.error().to_string();
    EXPECT_EQ(response->at("id"), id);
    EXPECT_EQ(text_of_response(response), "hello");
  }
}

TEST_P(McpTransportContract, ReturnsErrorResponsesWhole) {
  const auto response = call(1, "no-such-tool", Json::object());
  ASSERT_TRUE(response.has_value()) << response.error().to_string();
  EXPECT_EQ(response->at("id"), 1);
  EXPECT_EQ(response->at("error").at("code"), -32602);
}

TEST_P(McpTransportContract, CarriesLargeAndUnusualTextUnchanged) {
  std::string text = "line\nline\r\n\t\"quoted\" \u2028 \U0001F600 data: x\n\nevent: y\n";
  while (text.size() < 1 << 20) text += text;
  EXPECT_EQ(text_of_response(call(1, "echo", {{"text", text}})), text);
}

TEST_P(McpTransportContract, RunsRequestsSideBySide) {
  auto first = std::async(std::launch::async, [&] { return text_of_response(call(1, "meet", Json::object())); });
  EXPECT_EQ(text_of_response(call(2, "meet", Json::object())), "met");
  EXPECT_EQ(first.get(), "met");
}

TEST_P(McpTransportContract, GivesEachOfManyThreadsItsOwnResponses) {
  std::vector<std::future<int>> workers;
  for (int worker = 0; worker < 8; ++worker) {
    workers.push_back(std::async(std::launch::async, [this, worker] {
      int right = 0;
      for (int i = 0; i < 20; ++i) {
        const std::string text = std::to_string(worker * 1000 + i);
        right += text_of_response(call(worker * 1000 + i, "echo", {{"text", text}})) == text;
      }
      return right;
    }));
  }
  for (auto& worker : workers) EXPECT_EQ(worker.get(), 20);
}

TEST_P(McpTransportContract, ReportsProgressInOrderOnTheRequestingThreadBeforeTheResponse) {
  RecordingMcpSink sink;
  const auto response = transport_->request(call_message("p", "count", {{"steps", 5}}), sink, with_timeout(kPatience));
  EXPECT_EQ(text_of_response(response), "counted");
  const auto messages = sink.messages();
  ASSERT_EQ(messages.size(), 5u);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(messages[i].at("method"), "notifications/progress");
    EXPECT_EQ(messages[i].at("params").at("progressToken"), "p");
    EXPECT_EQ(messages[i].at("params").at("progress"), i + 1);
  }
  EXPECT_TRUE(sink.all_on_requesting_thread());
}

TEST_P(McpTransportContract, EndsARequestWhenItsStopTokenFires) {
  std::stop_source stop;
  RecordingMcpSink sink;
  auto stopper = std::async(std::launch::async, [&] {
    const bool holding = wait_for_holders(1);
    stop.request_stop();
    return holding;
  });
  const auto response = transport_->request(call_message(1, "hold", Json::object()), sink,
                                            with_timeout(kPatience).with_stop(stop.get_token()));
  EXPECT_TRUE(stopper.get());
  // A transport that can wait for what the call gave so far may answer with that.
  if (!response) {
    EXPECT_EQ(response.error().code, ErrorCode::cancelled) << response.error().to_string();
  }
  const std::size_t reported = sink.messages().size();
  release();
  ASSERT_TRUE(wait_for_no_holder());
  EXPECT_EQ(sink.messages().size(), reported) << "the sink was called after request() had returned";
}

TEST_P(McpTransportContract, EndsARequestAtItsDeadline) {
  const auto response = call(1, "hold", Json::object(), with_timeout(std::chrono::milliseconds(200)));
  if (!response) {
    EXPECT_EQ(response.error().code, ErrorCode::deadline_exceeded) << response.error().to_string();
  }
}

TEST_P(McpTransportContract, RefusesARequestWhoseCallerHasStoppedAlready) {
  std::stop_source stop;
  stop.request_stop();
  const auto response = call(1, "echo", {{"text", "x"}}, CallContext{}.with_stop(stop.get_token()));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::cancelled);
}

TEST_P(McpTransportContract, DeliversNotifications) {
  auto held = std::async(std::launch::async, [this] { return call(41, "hold", Json::object()); });
  ASSERT_TRUE(wait_for_holders(1));
  const Json cancel = {{"jsonrpc", "2.0"}, {"method", "notifications/cancelled"}, {"params", {{"requestId", 41}}}};
  EXPECT_TRUE(transport_->send(cancel, with_timeout(kPatience)).has_value());
  EXPECT_TRUE(wait_for_no_holder()) << "the server was not told";
  (void)held.get();
}

TEST_P(McpTransportContract, CloseCancelsRunningRequestsAndMayBeRepeated) {
  auto held = std::async(std::launch::async, [this] { return call(1, "hold", Json::object()); });
  ASSERT_TRUE(wait_for_holders(1));
  transport_->close();
  transport_->close();
  const auto response = held.get();
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::cancelled);
  EXPECT_TRUE(wait_for_no_holder()) << "the end of the session did not cancel its calls";
}

TEST_P(McpTransportContract, RefusesRequestsAfterClose) {
  transport_->close();
  const auto response = call(1, "echo", {{"text", "x"}});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::unavailable);
}

}  // namespace ottobot::testing
