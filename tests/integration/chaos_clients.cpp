#include "integration/chaos_clients.hpp"

#include "integration/scenario.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot::integration {
namespace {

using api::test::SocketClient;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr milliseconds kFrameWait{200};
constexpr milliseconds kSilence{4000};  // of a chat that waits for something: then it connects anew
constexpr milliseconds kAgain{3000};    // a prompt that is not acknowledged is sent again
constexpr milliseconds kPause{100};
constexpr milliseconds kPageInterval{500};
constexpr milliseconds kStreamIdle{20000};  // more than a server's comment lines are apart
constexpr std::chrono::seconds kAfterwards{240};

std::string client_id(int prompt) { return "p" + std::to_string(prompt); }

// Server-sent events, as they come.
class EventSink final : public net::ResponseSink {
 public:
  using Take = std::function<bool(std::int64_t seq, const Json& event)>;  // false = that was the last one
  explicit EventSink(Take take) : take_(std::move(take)) {}

  Result<void> on_head(int status, const net::Headers&) override {
    if (status != 200) return unavailable("not now");
    return {};
  }
  Result<void> on_body(std::string_view bytes) override {
    buffer_ += bytes;
    for (auto end = buffer_.find("\n\n"); end != std::string::npos; end = buffer_.find("\n\n")) {
      const std::string block = buffer_.substr(0, end);
      buffer_.erase(0, end + 2);
      const auto data = block.find("data: ");
      if (block.rfind("id: ", 0) != 0 || data == std::string::npos) continue;
      if (!take_(std::stoll(block.substr(4)), parse_json(block.substr(data + 6)).value_or(Json())))
        return cancelled("enough");
    }
    return {};
  }

 private:
  const Take take_;
  std::string buffer_;
};

}  // namespace

Json chaos_scenario(int prompts) {
  std::vector<Json> turns;
  for (int prompt = 1; prompt <= prompts; ++prompt) {
    std::vector<Json> steps;
    for (int n = 1; n <= kChaosLines; ++n) {
      const std::string line = std::to_string(prompt) + "." + std::to_string(n);
      steps.push_back(step(
          "Line " + line, {run_command("echo " + line + " >> lines.txt; sleep 0.4; echo " + line + "b >> lines.txt")}));
    }
    steps.push_back(step("Written"));
    turns.push_back(turn(prompt, steps));
  }
  return scenario(turns);
}

std::string chaos_lines(int prompts) {
  std::string lines;
  for (int prompt = 1; prompt <= prompts; ++prompt) {
    for (int n = 1; n <= kChaosLines; ++n) {
      const std::string line = std::to_string(prompt) + "." + std::to_string(n);
      lines += line + "\n" + line + "b\n";
    }
  }
  return lines;
}

ChaosSession::ChaosSession(ChaosService& service, const ChaosOptions& options, ChaosTally& tally, int number)
    : service_(service),
      options_(options),
      tally_(tally),
      number_(number),
      random_(options.seed + static_cast<std::uint32_t>(number)),
      begun_at_(SteadyClock::now()),
      give_up_at_(begun_at_ + options.duration + kAfterwards),
      thread_([this] { run(); }) {}

void ChaosSession::wait() {
  if (thread_.joinable()) thread_.join();
}

void ChaosSession::run() {
  if (!create()) return;
  std::thread reader([this] { read_along(); });
  chat();
  reader.join();
  ++tally_.done;
}

// They come one after the other in the first tenth of the time.
bool ChaosSession::create() {
  std::this_thread::sleep_until(begun_at_ + options_.duration * number_ / (10 * options_.sessions));
  const net::Headers once{{"Idempotency-Key", "session-" + std::to_string(number_)}};
  const auto answer = service_.insist("POST", "/session", 201, 201, {{"initial_prompt", "Prompt 1"}}, once);
  id_ = get_string(parse_json(answer.body).value_or(Json()), "session_id");
  if (!id_.empty()) acknowledge(1);
  return !id_.empty();
}

void ChaosSession::chat() {
  for (int connections = 0; chat_turns_ < options_.prompts() && in_time(); ++connections) {
    if (connections > 0) ++tally_.reconnections;
    chat_once();
    std::this_thread::sleep_for(kPause);
  }
}

void ChaosSession::chat_once() {
  const std::int64_t after = chat_seqs_.empty() ? 0 : chat_seqs_.back();
  SocketClient socket(service_.some_api_port(), "/session/" + id_ + "/chat?after=" + std::to_string(after));
  if (!socket.accepted()) return;
  auto heard_at = SteadyClock::now();
  while (chat_turns_ < options_.prompts() && in_time()) {
    send_what_is_due(socket);
    const auto frame = socket.next(kFrameWait);
    if (frame) {
      heard_at = SteadyClock::now();
      take(parse_json(*frame).value_or(Json()));
    } else if (socket.ended() || SteadyClock::now() > heard_at + kSilence || chance(100)) {
      return;  // now and then for no reason
    }
  }
}

void ChaosSession::take(const Json& frame) {
  if (!frame.contains("seq")) return;
  chat_seqs_.push_back(get_int(frame, "seq"));
  if (ends_a_turn(frame)) {
    ++chat_turns_;
    ++tally_.turns;
  }
  if (get_string(frame, "type") != "user_prompt" || !frame.contains("metadata")) return;
  const std::string id = get_string(frame["metadata"], "client_id");
  if (sending_.prompt != 0 && id == client_id(sending_.prompt)) acknowledge(sending_.prompt);
}

// Prompt P comes at its time, but not before the one that precedes it is acknowledged.
void ChaosSession::send_what_is_due(SocketClient& socket) {
  const auto now = SteadyClock::now();
  if (sending_.prompt != 0) {
    if (now < sending_.again_at) return;
    ++tally_.sent_again;
    return send(socket, sending_.prompt);
  }
  if (acknowledged_ == options_.prompts()) return;
  const int next = acknowledged_ + 1;
  const auto slot = std::chrono::duration_cast<milliseconds>(options_.duration) * 9 / 10 / options_.prompts();
  const auto late = slot * static_cast<int>((static_cast<unsigned>(number_) * 7919u) % 100u) / 100;
  if (now < begun_at_ + slot * (next - 1) + late) return;
  sending_.prompt = next;
  send(socket, next);
  if (!chance(4)) return;
  ++tally_.sent_again;
  send(socket, next);
}

void ChaosSession::send(SocketClient& socket, int prompt) {
  const std::string content = "Prompt " + std::to_string(prompt);
  sending_.again_at = SteadyClock::now() + kAgain;
  if (chance(2)) return socket.send_json({{"type", "user_prompt"}, {"content", content}, {"id", client_id(prompt)}});
  const auto answer =
      service_.ask("POST", "/session/" + id_ + "/messages", {{"content", content}, {"id", client_id(prompt)}});
  if (answer.status == 202) acknowledge(prompt);
}

void ChaosSession::acknowledge(int prompt) {
  if (prompt == acknowledged_) return;  // a second time
  acknowledged_ = prompt;
  sending_.prompt = 0;
  ++tally_.acknowledged;
}

void ChaosSession::read_along() {
  while (reader_turns_ < options_.prompts() && in_time()) {
    number_ % 2 == 0 ? read_stream() : read_pages();
    std::this_thread::sleep_for(kPause);
  }
}

void ChaosSession::read_pages() {
  const std::int64_t after = reader_seqs_.empty() ? 0 : reader_seqs_.back();
  const auto answer = service_.ask("GET", "/session/" + id_ + "/events?limit=50&after=" + std::to_string(after));
  const Json page = answer.status == 200 ? parse_json(answer.body).value_or(Json::object()) : Json::object();
  for (const Json& event : page.value("events", Json::array())) {
    reader_seqs_.push_back(get_int(event, "seq"));
    reader_turns_ += get_string(event, "type") == "turn_finished" ? 1 : 0;
  }
  std::this_thread::sleep_for(kPageInterval);
}

void ChaosSession::read_stream() {
  net::HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(service_.some_api_port()) + "/session/" + id_ + "/events";
  request.headers.set("Accept", "text/event-stream");
  request.headers.set("Last-Event-ID", std::to_string(reader_seqs_.empty() ? 0 : reader_seqs_.back()));
  request.idle_timeout = kStreamIdle;
  EventSink sink([this](std::int64_t seq, const Json& event) {
    reader_seqs_.push_back(seq);
    reader_turns_ += get_string(event, "type") == "turn_finished" ? 1 : 0;
    return reader_turns_ < options_.prompts() && in_time();
  });
  (void)service_.http().stream(request, sink, with_timeout(std::chrono::minutes(1)));
}

}  // namespace ottobot::integration
