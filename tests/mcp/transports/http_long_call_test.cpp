// Calls that outlast silence, and clients that hang up on them.
#include <condition_variable>
#include <mutex>

#include "mcp/http_server_fixture.hpp"

namespace ottobot::mcp {
namespace {

using namespace test;

// Collects the body until it holds what is waited for, then hangs up.
class UntilSink final : public net::ResponseSink {
 public:
  explicit UntilSink(std::string wanted) : wanted_(std::move(wanted)) {}
  Result<void> on_head(int, const net::Headers&) override { return {}; }
  Result<void> on_body(std::string_view bytes) override {
    body += bytes;
    if (body.find(wanted_) != std::string::npos) return cancelled("seen");
    return {};
  }
  std::string body;

 private:
  std::string wanted_;
};

// A tool that runs until it is stopped or allowed to end.
class Holder {
 public:
  ToolHandler handler() {
    return [this](ToolCall&, const CallContext& ctx) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, ctx.stop, [this] { return allowed_; });
      outcome_ = ctx.stop.stop_requested() ? "stopped" : "ran to its end";
      changed_.notify_all();
      return text_result(outcome_);
    };
  }
  void allow() {
    std::lock_guard lock(mutex_);
    allowed_ = true;
    changed_.notify_all();
  }
  std::string outcome() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 20s, [this] { return !outcome_.empty(); });
    return outcome_;
  }

 private:
  std::mutex mutex_;  // guards the rest
  std::condition_variable_any changed_;
  bool allowed_ = false;
  std::string outcome_;
};

class HttpLongCallTest : public HttpServerFixture {
 protected:
  HttpLongCallTest() {
    host_.reset();
    add("hold", holder_.handler());
    host_ = std::make_unique<HttpHost>(server_, Wire::tcp, options());
  }
  ~HttpLongCallTest() override {
    holder_.allow();
    host_.reset();
  }

  Holder holder_;
};

TEST_F(HttpLongCallTest, ASilentCallIsKeptAliveByComments) {
  UntilSink sink(": keep-alive\n\n: keep-alive\n\n");
  (void)host_->client().stream(modern(modern_request(1, "tools/call", {{"name", "hold"}})), sink, with_timeout(20s));
  EXPECT_NE(sink.body.find(": keep-alive\n\n: keep-alive\n\n"), std::string::npos);
}

TEST_F(HttpLongCallTest, ClosingTheStreamCancelsAModernCall) {
  UntilSink sink(": keep-alive");
  (void)host_->client().stream(modern(modern_request(1, "tools/call", {{"name", "hold"}})), sink, with_timeout(20s));
  EXPECT_EQ(holder_.outcome(), "stopped");
}

TEST_F(HttpLongCallTest, ClosingTheStreamDoesNotCancelALegacyCall) {
  UntilSink sink(": keep-alive");
  const std::string id = start_session();
  const Json call = make_request(1, "tools/call", {{"name", "hold"}});
  (void)host_->client().stream(in_session(id, "POST", call), sink, with_timeout(20s));
  EXPECT_EQ(fetch(in_session(id, "POST", kPing)).status, 200);
  holder_.allow();
  EXPECT_EQ(holder_.outcome(), "ran to its end");
}

// Its answer can be fetched by nobody, and it holds a thread of the server.
TEST_F(HttpLongCallTest, ALegacyCallWhoseClientStaysAwayIsCancelled) {
  HttpServerTransportOptions brief = options();
  brief.departed_grace = 50ms;
  host_.reset();
  host_ = std::make_unique<HttpHost>(server_, Wire::tcp, brief);
  UntilSink sink(": keep-alive");
  const Json call = make_request(1, "tools/call", {{"name", "hold"}});
  (void)host_->client().stream(in_session(start_session(), "POST", call), sink, with_timeout(20s));
  EXPECT_EQ(holder_.outcome(), "stopped");
}

TEST_F(HttpLongCallTest, EndingTheSessionCancelsALegacyCall) {
  UntilSink sink(": keep-alive");
  const std::string id = start_session();
  const Json call = make_request(1, "tools/call", {{"name", "hold"}});
  (void)host_->client().stream(in_session(id, "POST", call), sink, with_timeout(20s));
  EXPECT_EQ(fetch(in_session(id, "DELETE")).status, 204);
  EXPECT_EQ(holder_.outcome(), "stopped");
}

}  // namespace
}  // namespace ottobot::mcp
