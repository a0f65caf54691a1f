#include "integration/session_client.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "net/process/spawn.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::integration {
namespace {

constexpr std::chrono::seconds kCall{20};
constexpr std::chrono::seconds kTurn{60};
constexpr std::chrono::milliseconds kPoll{20};

// Runs unzip on a file with these bytes; its output, nothing when it complained.
std::optional<std::string> unzip(const std::string& option, const std::string& bytes,
                                 const std::vector<std::string>& entries = {}) {
  const auto path = std::filesystem::temp_directory_path() / ("oi-" + new_id() + ".zip");
  std::ofstream(path, std::ios::binary) << bytes;
  net::SpawnOptions options;
  options.argv = {"unzip", option, path.string()};
  options.argv.insert(options.argv.end(), entries.begin(), entries.end());
  auto result = net::run(std::move(options), with_timeout(kCall));
  std::filesystem::remove(path);
  if (!result || result->status.code != 0) return std::nullopt;
  return result->out;
}

}  // namespace

SessionClient::SessionClient(std::string url, std::string api_key, std::string ca_file)
    : url_(std::move(url)), api_key_(std::move(api_key)) {
  net::HttpClientOptions options;
  options.ca_file = std::move(ca_file);
  if (auto client = net::make_http_client(options)) http_ = std::move(*client);
}

net::HttpRequest SessionClient::request(const std::string& url) const {
  net::HttpRequest request;
  request.url = url;
  if (!api_key_.empty()) request.headers.set("Authorization", "Bearer " + api_key_);
  return request;
}

net::HttpResponse SessionClient::send(const std::string& method, const std::string& path, const Json& body) const {
  net::HttpRequest request = this->request(url_ + path);
  request.method = method;
  if (!body.is_null()) {
    request.headers.set("Content-Type", "application/json");
    request.body = dump_json(body);
  }
  return http_->fetch(request, with_timeout(kCall)).value_or(net::HttpResponse{});
}

net::HttpResponse SessionClient::fetch(const std::string& url) const {
  return http_->fetch(request(url), with_timeout(kCall)).value_or(net::HttpResponse{});
}

Json SessionClient::get(const std::string& path) const {
  const auto response = send("GET", path);
  return response.status == 200 ? parse_json(response.body).value_or(Json()) : Json();
}

std::string SessionClient::file(const std::string& id, const std::string& path) const {
  auto response = send("GET", "/download/" + id + "/" + net::percent_encode_path(path));
  return response.status == 200 ? std::move(response.body) : std::string{};
}

std::string SessionClient::create(const std::string& prompt) const {
  const auto response = send("POST", "/session", {{"initial_prompt", prompt}});
  return response.status == 201 ? get_string(parse_json(response.body).value_or(Json()), "session_id") : std::string{};
}

bool SessionClient::prompt(const std::string& id, const std::string& content) const {
  return send("POST", "/session/" + id + "/messages", {{"content", content}}).status == 202;
}

Events SessionClient::events(const std::string& id, std::int64_t after) const {
  Events events;
  for (;;) {
    const Json page = get("/session/" + id + "/events?limit=1000&after=" + std::to_string(after));
    const Json* found = find_member(page, "events");
    if (found == nullptr || found->empty()) return events;
    events.insert(events.end(), found->begin(), found->end());
    after = get_int(events.back(), "seq");
  }
}

Json SessionClient::wait_for(const std::string& id, const Condition& holds, std::chrono::milliseconds timeout,
                             std::int64_t after) const {
  Json found;
  eventually(
      [&] {
        for (const Json& event : events(id, after)) {
          after = get_int(event, "seq");
          if (!holds(event)) continue;
          found = event;
          return true;
        }
        return false;
      },
      timeout);
  return found;
}

Json SessionClient::wait_for_turn(const std::string& id, std::int64_t after) const {
  return wait_for(id, is_type("turn_finished"), kTurn, after);
}

bool SessionClient::wait_for_status(const std::string& id, const std::string& status,
                                    std::chrono::milliseconds timeout) const {
  return eventually([&] { return get_string(get("/session/" + id), "status") == status; }, timeout);
}

SessionClient::Condition is_type(std::string type) {
  return [type = std::move(type)](const Json& event) { return get_string(event, "type") == type; };
}

SessionClient::Condition nth(int n, SessionClient::Condition holds) {
  return [n, holds = std::move(holds)](const Json& event) mutable { return holds(event) && --n == 0; };
}

Events of_type(const Events& events, const std::string& type) {
  Events found;
  for (const Json& event : events) {
    if (get_string(event, "type") == type) found.push_back(event);
  }
  return found;
}

bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds timeout) {
  const auto ctx = with_timeout(timeout);
  while (!holds()) {
    if (!ctx.check()) return false;
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

bool is_sound_zip(const std::string& bytes) { return unzip("-tq", bytes).has_value(); }

std::string zip_listing(const std::string& bytes) { return unzip("-Z1", bytes).value_or(""); }

std::string zip_entry(const std::string& bytes, const std::string& name) {
  return unzip("-p", bytes, {name}).value_or("");
}

}  // namespace ottobot::integration
