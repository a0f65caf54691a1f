// The stdio server by raw lines, as any client may send them.
#include "mcp/transports/stdio_server_transport.hpp"

#include <fcntl.h>

#include <future>

#include <gtest/gtest.h>

#include "mcp/mcp_fixtures.hpp"
#include "net/process/line_reader.hpp"
#include "net/process/line_writer.hpp"
#include "net/process/spawn.hpp"

namespace ottobot::mcp {
namespace {

using namespace test;
using namespace std::chrono_literals;

class StdioServer : public ::testing::Test {
 protected:
  StdioServer() {
    add("echo", echo_handler);
    add("hold", [this](ToolCall& call, const CallContext& ctx) {
      call.progress(1, 0, "holding");
      std::promise<void> ended;
      const std::stop_callback on_stop(ctx.stop, [&ended] { ended.set_value(); });
      ended.get_future().wait();
      ++cancelled_;
      return text_result("partial");
    });
  }
  ~StdioServer() override { (void)end(); }

  void add(const std::string& name, ToolHandler handler) {
    ASSERT_TRUE(server_.add_tool(named_tool(name), std::move(handler)));
  }

  void start(std::size_t max_message_bytes = 1 << 20, std::size_t max_running = 4, std::size_t max_waiting = 4) {
    auto in = net::make_pipe().value();
    auto out = net::make_pipe().value();
    to_server_ = std::move(in.second);
    from_server_ = std::move(out.first);
    writer_.emplace(to_server_.get(), 64 << 20);
    reader_.emplace(from_server_.get(), 64 << 20);
    StdioServerOptions options;
    options.max_message_bytes = max_message_bytes;
    options.max_running_calls = max_running;
    options.max_waiting_calls = max_waiting;
    options.drain = 50ms;
    served_ = std::async(std::launch::async,
                         [this, options, input = std::move(in.first), output = std::move(out.second)]() mutable {
                           options.in_fd = input.get();
                           options.out_fd = output.get();
                           CallContext ctx;
                           ctx.stop = stop_.get_token();
                           return serve_stdio(server_, options, ctx);
                         });
  }

  void send(const Json& message) { send_line(dump_json(message)); }
  void send_line(std::string line) { ASSERT_TRUE(writer_->send(std::move(line))); }

  Json next() {
    auto line = reader_->next(with_timeout(20s));
    EXPECT_TRUE(line) << line.error().to_string();
    return line && *line ? parse_json(**line).value() : Json();
  }

  // Closes the server's input; what serve_stdio() returned.
  Result<void> end() {
    if (!served_.valid()) return {};
    (void)writer_->flush(with_timeout(20s));
    writer_.reset();
    to_server_.reset();
    return served_.get();
  }

  static Json call(const Json& id, const char* tool, Json args = Json::object()) {
    return modern_request(id, "tools/call", {{"name", tool}, {"arguments", std::move(args)}});
  }

  Server server_{ServerOptions{}};
  std::atomic<int> cancelled_ = 0;
  std::stop_source stop_;
  net::UniqueFd to_server_, from_server_;
  std::optional<net::LineWriter> writer_;
  std::optional<net::LineReader> reader_;
  std::future<Result<void>> served_;
};

TEST_F(StdioServer, ServesBothErasInOneSession) {
  start();
  send(modern_request(1, "server/discover"));
  EXPECT_TRUE(next().at("result").contains("supportedVersions"));
  send(initialize_request(2));
  EXPECT_EQ(next().at("result").at("protocolVersion"), kLegacyVersion);
  send(make_request(3, "tools/list", Json::object()));
  EXPECT_EQ(next().at("result").at("tools").size(), 2u);
  send(call(4, "echo", {{"text", "hi"}}));
  EXPECT_EQ(next().at("result").at("resultType"), "complete");
  EXPECT_TRUE(end());
}

TEST_F(StdioServer, AnswersEverythingThatWasPipedInBeforeTheInputEnded) {
  start();
  send(initialize_request(1));
  send(make_notification("notifications/initialized", Json::object()));
  send(make_request(2, "tools/call", {{"name", "echo"}}));
  EXPECT_TRUE(writer_->flush(with_timeout(20s)));
  writer_.reset();
  to_server_.reset();
  EXPECT_EQ(next().at("id"), 1);
  EXPECT_EQ(next().at("id"), 2);
  EXPECT_TRUE(served_.get());
  EXPECT_FALSE(reader_->next(with_timeout(20s)).value().has_value());
}

TEST_F(StdioServer, SaysWhatIsWrongWithALineAndGoesOn) {
  start();
  send_line("{not json");
  EXPECT_EQ(next().at("error").at("code"), -32700);
  send_line("[]");
  EXPECT_EQ(next().at("error").at("code"), -32600);
  send_line("");
  send_line(" \t\r");
  send(make_request(7, "tools/list", Json::object()));
  const Json refused = next();
  EXPECT_EQ(refused.at("id"), 7);
  EXPECT_EQ(refused.at("error").at("code"), -32600) << "a legacy request before initialize";
}

TEST_F(StdioServer, ACancelledModernCallIsHeardOfNoMore) {
  start();
  Json held = call(1, "hold");
  held["params"]["_meta"]["progressToken"] = "t";
  send(held);
  EXPECT_EQ(next().at("method"), "notifications/progress");
  send(make_notification("notifications/cancelled", {{"requestId", 1}}));
  send(call(2, "echo"));
  EXPECT_EQ(next().at("id"), 2);
  EXPECT_TRUE(end());
  EXPECT_EQ(cancelled_, 1);
  EXPECT_FALSE(reader_->next(with_timeout(20s)).value().has_value());
}

TEST_F(StdioServer, CancelsWhatStillRunsWhenTheInputHasEnded) {
  start();
  send(call(1, "hold"));
  EXPECT_TRUE(end());
  EXPECT_EQ(cancelled_, 1);
}

TEST_F(StdioServer, EndsWhenItIsToldTo) {
  start();
  send(call(1, "hold"));
  stop_.request_stop();
  EXPECT_TRUE(served_.get());
}

TEST_F(StdioServer, EndsWhenNobodyReadsItsOutputAnyMore) {
  start();
  reader_.reset();
  from_server_.reset();
  send(call(1, "echo"));
  EXPECT_TRUE(served_.get());
}

TEST_F(StdioServer, RefusesCallsBeyondItsBounds) {
  start(1 << 20, 1, 1);
  Json held = call(1, "hold");
  held["params"]["_meta"]["progressToken"] = "t";
  send(held);
  EXPECT_EQ(next().at("method"), "notifications/progress");
  send(call(2, "hold"));
  send(call(3, "hold"));
  const Json refused = next();
  EXPECT_EQ(refused.at("id"), 3);
  EXPECT_EQ(refused.at("error").at("message"), "Too many calls at once");
}

TEST_F(StdioServer, GivesUpOnAMessageOverTheLimit) {
  start(100'000);
  send_line(std::string(200'000, 'x'));
  const auto served = served_.get();
  ASSERT_FALSE(served);
  EXPECT_EQ(served.error().code, ErrorCode::resource_exhausted);
}

}  // namespace
}  // namespace ottobot::mcp
