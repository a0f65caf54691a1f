// A stand-in for the Gemini API on loopback: plays a scenario over the real wire format and checks every request.
//
// The scenario is that of ottobot/llm/scripted.hpp, the step again chosen from the conversation alone. Answers come as
// server-sent events in CRLF with comments between them, cut at unlucky places. Models gemini-3… sign their parts and
// give ids to calls. GET /violations: {"count": N, "requests": N, "texts": [...]}. Thread-safe.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "llm/gemini_rules.hpp"
#include "llm/gemini_wire.hpp"
#include "llm/scripted/scenario.hpp"
#include "net/server/http_server.hpp"

namespace ottobot::testing {

struct GeminiStandInOptions {
  Json scenario = Json::object({{"turns", Json::array()}});
  int port = 0;  // 0 = any
  std::string api_key = "test-key";
  // Called before a step is played, to put into it what only the conversation tells (ids, say). From several threads.
  std::function<void(llm::scripted::Step& step, const Json& request)> adapt;
};

class GeminiStandIn {
 public:
  // Errors: invalid_argument (scenario), conflict (port).
  static Result<std::unique_ptr<GeminiStandIn>> start(const GeminiStandInOptions& options);
  ~GeminiStandIn();

  std::string base_url() const;
  int port() const { return listener_->port(); }

  enum class End {
    whole,
    cut,     // the connection breaks behind the body
    silence  // nothing more comes, and the connection stays open
  };
  // An answer that is given instead of the scenario's.
  struct Canned {
    int status = 200;
    std::string content_type = "text/event-stream";
    std::string body;
    End end = End::whole;
    net::Headers headers = {};
    Wire wire = {};  // gzip and piece only: the body is sent as it is
  };
  using Planned = std::variant<Wire, Canned>;
  // What the next valid requests get, once each and in this order: an answer of the test's, or the scenario's in some
  // form. Later ones get the scenario's in its usual form.
  void answer_next(Canned answer);
  void play_next(Wire wire);
  void plan_next(Planned plan);
  std::size_t planned() const;              // not given yet
  int silences() const { return silent_; }  // answers that fell silent so far

  std::vector<std::string> violations() const;
  std::vector<Json> requests() const;  // the valid ones

 private:
  GeminiStandIn(llm::scripted::Scenario scenario, GeminiStandInOptions options);

  void handle(net::Exchange& exchange);
  void generate(net::Exchange& exchange, const std::string& model);
  void play(net::Exchange& exchange, const std::string& model, const llm::scripted::Step& step, const Wire& wire);
  std::vector<Json> chunks_of(const std::string& model, const llm::scripted::Step& step, const Wire& wire);
  void fall_silent(net::Exchange& exchange);
  void send_canned(net::Exchange& exchange, const Canned& answer);
  void refuse(net::Exchange& exchange, const std::string& text);
  Json violation_report() const;

  const llm::scripted::Scenario scenario_;
  const GeminiStandInOptions options_;

  mutable std::mutex mutex_;  // guards what follows
  GeminiRules rules_;
  std::deque<Planned> planned_;
  std::vector<std::string> violations_;
  std::vector<Json> requests_;
  int made_ = 0;  // signatures and ids handed out

  std::atomic<int> silent_{0};
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<net::Listener> listener_;
};

// google.rpc.Status as a body.
std::string google_error(int code, const std::string& status, const std::string& message,
                         const Json& details = Json::array());

}  // namespace ottobot::testing
