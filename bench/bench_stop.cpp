// From a stop that a chat client sends to the frame that says the session is ready and the end of the last process of
// the stopped command: `ottobot serve` with the local backend and a model that is far away, which this program plays.
//
//   bench_stop [--samples 200] [--programs DIR]
//
// Prints a table and, last, one JSON line.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "bench/http_load.hpp"
#include "bench/server_process.hpp"
#include "bench/support.hpp"
#include "net/client/websocket_client.hpp"
#include "net/server/http_server.hpp"

namespace ottobot::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kTimeout{30};
constexpr std::chrono::milliseconds kChunkInterval{10};
constexpr std::chrono::milliseconds kUnderWay{50};  // from the sign that something begins until it certainly blocks
constexpr std::chrono::microseconds kLookInterval{500};
constexpr int kDeltas = 5;
constexpr const char* kSign = "CASE=";
constexpr const char* kMarker = "86399.25";  // of the processes of the stopped command

struct Options {
  int samples = 200;
  std::string programs;
};

struct Case {
  const char *name, *title;
};
constexpr Case kCases[] = {{"command", "a command with children that sleep"},
                           {"stream", "a model that streams"},
                           {"retry", "the wait before a model is asked again"},
                           {"reads", "two reads side by side that wait"}};

Json call(const std::string& name, Json args) {
  return {{"functionCall", {{"name", name}, {"args", std::move(args)}}}};
}

std::string event(const Json& parts) {
  return "data: " +
         dump_json({{"candidates", {{{"content", {{"role", "model"}, {"parts", parts}}}, {"finishReason", "STOP"}}}}}) +
         "\r\n\r\n";
}

// The model: what it does stands in the prompt.
class StandIn {
 public:
  StandIn() {
    net::HttpServerOptions options;
    server_ = must(net::make_http_server(options));
    net::ListenOptions listen;
    listen.handler = [this](net::Exchange& exchange) { answer(exchange); };
    listener_ = must(server_->listen(std::move(listen)));
  }

  std::string base_url() const { return "http://127.0.0.1:" + std::to_string(listener_->port()); }
  int refusals() const { return refusals_; }

 private:
  static Json parts_of(const std::string& wanted) {
    const Json wait = {{"process_id", "p1"}, {"wait_s", 600}};
    const std::string sleep = std::string("sleep ") + kMarker;
    if (wanted == "setup") return {call("execute_command_async", {{"command", "sleep 86398"}})};
    if (wanted == "command") return {call("execute_command", {{"command", sleep + " & " + sleep + " & " + sleep}})};
    if (wanted == "reads") return {call("read_process", wait), call("read_process", wait)};
    return {{{"text", "Done."}}};
  }

  void answer(net::Exchange& exchange) {
    const auto body = exchange.read_body(64 << 20);
    if (!body) return;
    const auto at = body->rfind(kSign);
    std::string wanted = at == std::string::npos ? "" : body->substr(at + std::string(kSign).size(), 16);
    wanted = wanted.substr(0, wanted.find('.'));
    // The results of a turn's calls stand behind its prompt.
    if (at != std::string::npos && body->find("functionResponse", at) != std::string::npos) wanted = "done";
    if (wanted == "retry") {
      ++refusals_;
      return exchange.respond({503, {}, R"({"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}})"});
    }
    if (!exchange.start(200, {{"Content-Type", "text/event-stream"}})) return;
    const std::string word =
        "data: " + dump_json({{"candidates", {{{"content", {{"role", "model"}, {"parts", {{{"text", "word "}}}}}}}}}}) +
        "\r\n\r\n";
    while (wanted == "stream" && exchange.write(word)) std::this_thread::sleep_for(kChunkInterval);
    if (exchange.write(event(parts_of(wanted)))) exchange.finish();
  }

  std::atomic<int> refusals_{0};
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<net::Listener> listener_;
};

int marked_processes() {
  int found = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    const std::string line{std::istreambuf_iterator<char>(file), {}};
    found += line.find(kMarker) != std::string::npos ? 1 : 0;
  }
  return found;
}

template <class Condition>
void wait_until(const char* what, const Condition& holds) {
  const auto end = Clock::now() + kTimeout;
  while (!holds()) {
    if (Clock::now() > end) give_up(deadline_exceeded(std::string("waiting for ") + what).value());
    std::this_thread::sleep_for(kLookInterval);
  }
}

class Chat {
 public:
  Chat(int port, const std::string& session) {
    net::WebSocketRequest request;
    request.url = "ws://127.0.0.1:" + std::to_string(port) + "/session/" + session + "/chat?after=0&deltas=1";
    socket_ = must(net::connect_websocket(request, with_timeout(kTimeout)));
  }

  void send(const Json& frame) { must(socket_->send_text(dump_json(frame), with_timeout(kTimeout))); }
  void prompt(const std::string& wanted) {
    send({{"type", "user_prompt"}, {"content", std::string(kSign) + wanted + "."}});
  }
  // Reads up to the n-th frame of this kind.
  template <class Holds>
  void read_to(const Holds& holds, int n = 1) {
    while (n > 0) {
      const auto message = must(socket_->receive(with_timeout(kTimeout)));
      if (message.kind == net::WebSocketMessage::Kind::closed) give_up(unavailable("the chat was closed").value());
      if (holds(must(parse_json(message.payload)))) --n;
    }
  }
  void read_to_end_of_turn() {
    read_to([](const Json& frame) {
      return frame.contains("metadata") && frame["metadata"].contains("outcome") &&
             get_string(frame, "type") == "system_update";
    });
  }

 private:
  std::unique_ptr<net::WebSocketClient> socket_;
};

auto is_frame(const char* type) {
  return [type](const Json& frame) { return get_string(frame, "type") == type; };
}

// Until what is to be stopped is at work.
void get_under_way(Chat& chat, const StandIn& model, const std::string& wanted) {
  const int refusals = model.refusals();
  chat.prompt(wanted);
  chat.read_to(is_frame("user_prompt"));
  if (wanted == "command") return wait_until("the command", [] { return marked_processes() >= 3; });
  if (wanted == "stream") return chat.read_to(is_frame("agent_delta"), kDeltas);
  if (wanted == "retry") wait_until("a refused model call", [&] { return model.refusals() > refusals; });
  if (wanted == "reads") chat.read_to(is_frame("agent_action"), 2);
  std::this_thread::sleep_for(kUnderWay);
}

double measure_stop(Chat& chat, const StandIn& model, const std::string& wanted) {
  get_under_way(chat, model, wanted);
  const auto start = Clock::now();
  chat.send({{"type", "stop"}});
  chat.read_to_end_of_turn();
  wait_until("the end of all processes", [] { return marked_processes() == 0; });
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const auto last = static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(share * last + 0.5)];
}

int run(const Options& options) {
  const StandIn model;
  const ScratchFolder data("stop");
  ::setenv("GEMINI_BASE_URL", model.base_url().c_str(), 1);
  ::setenv("GEMINI_API_KEY", "none", 1);
  const auto server = must(
      ServerProcess::start({"ottobot",
                            {options.programs + "/ottobot", "serve", "--port", "0", "--backend", "local", "--model",
                             "gemini:gemini-2.5-pro", "--data-dir", data.path(), "--log-level", "error"},
                            Cores::all}));
  const std::string session = create_session(server->port());
  Chat chat(server->port(), session);
  chat.read_to_end_of_turn();
  chat.prompt("setup");
  chat.read_to_end_of_turn();
  std::printf("ms from a stop to the frame that says ready, and no process left; %d samples\n\n", options.samples);
  std::printf("%-42s %8s %8s %8s\n", "stopped", "p50", "p99", "most");
  Json json = Json::object();
  for (const Case& each : kCases) {
    std::vector<double> samples;
    for (int n = 0; n < options.samples; ++n) samples.push_back(measure_stop(chat, model, each.name));
    const double p50 = percentile(samples, 0.5), p99 = percentile(samples, 0.99), most = percentile(samples, 1);
    std::printf("%-42s %8.1f %8.1f %8.1f\n", each.title, p50, p99, most);
    json[each.name] = {{"p50_ms", p50}, {"p99_ms", p99}};
  }
  std::printf("\n");
  must(ask_once(server->port(), "DELETE /session/" + session + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
  wait_until("the session's end", [&] {
    return must(ask_once(server->port(), "GET /session/" + session + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
               .find(R"("terminated")") != std::string::npos;
  });
  print_json_line(json);
  return 0;
}

}  // namespace
}  // namespace ottobot::bench

int main(int argc, char** argv) {
  CLI::App app("Time from a stop to a session that is ready and has no process left");
  ottobot::bench::Options options;
  options.programs = std::filesystem::canonical("/proc/self/exe").parent_path();
  app.add_option("--samples", options.samples, "of each case")->check(CLI::Range(1, 10000));
  app.add_option("--programs", options.programs, "folder of ottobot and ottobot-sandboxd; that of this when left out");
  CLI11_PARSE(app, argc, argv);
  return ottobot::bench::run(options);
}
