#include "api/access_log.hpp"

#include <algorithm>
#include <chrono>

#include "api/status_watch.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::api {
namespace {

constexpr const char* kRequestId = "X-Request-Id";
constexpr std::size_t kMaxIdLength = 64;
constexpr std::size_t kMaxPathBytes = 512;

bool is_id_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == ':' || c == '-';
}

// Adds the id to the answer and notes how long it is.
class Watched final : public StatusWatch {
 public:
  Watched(net::Exchange& inner, std::string request_id) : StatusWatch(inner), id_(std::move(request_id)) {}

  void respond(net::Response response) override {
    bytes_ = response.body.size();
    response.headers.set(kRequestId, id_);
    StatusWatch::respond(std::move(response));
  }
  Result<void> start(int status, net::Headers headers) override {
    headers.set(kRequestId, id_);
    return StatusWatch::start(status, std::move(headers));
  }
  Result<void> write(std::string_view bytes) override {
    bytes_ += bytes.size();
    return StatusWatch::write(bytes);
  }
  std::shared_ptr<net::ResponseStream> start_stream(int status, net::Headers headers,
                                                    net::ResponseStreamObserver observer) override {
    headers.set(kRequestId, id_);
    return StatusWatch::start_stream(status, std::move(headers), std::move(observer));
  }

  std::size_t bytes() const { return bytes_; }

 private:
  const std::string id_;
  std::size_t bytes_ = 0;
};

// The id in "/session/ID/…" and "/download/ID/…"; empty when there is none.
std::string session_of(const std::string& path) {
  for (const std::string_view prefix : {"/session/", "/download/"}) {
    if (path.compare(0, prefix.size(), prefix) != 0) continue;
    auto id = path.substr(prefix.size(), path.find('/', prefix.size()) - prefix.size());
    if (is_valid_id(id)) return id;
  }
  return {};
}

// Without a ticket in it.
std::string path_to_log(std::string path) {
  const std::size_t preview = path.find("/preview/");
  const std::size_t ticket = preview == std::string::npos ? preview : path.find("/~", preview);
  if (ticket != std::string::npos) path.replace(ticket, path.find('/', ticket + 1) - ticket, "/~");
  return path.substr(0, kMaxPathBytes);
}

LogLevel level_of(const std::string& path, int status) {
  if (status >= 500) return LogLevel::warn;
  const bool polled = path == "/health" || path == "/metrics" || path == "/health/metrics";
  return polled ? LogLevel::debug : LogLevel::info;
}

}  // namespace

std::string request_id_of(const net::RequestHead& request) {
  const auto given = request.headers.find(kRequestId);
  const bool usable = given && !given->empty() && given->size() <= kMaxIdLength &&
                      std::all_of(given->begin(), given->end(), is_id_character);
  return usable ? std::string(*given) : new_id();
}

void AccessLog::handle(net::Exchange& exchange, const net::Handler& next) const {
  const net::RequestHead& head = exchange.request();
  Json context{{"request_id", request_id_of(head)}};
  if (auto session = session_of(head.path); !session.empty()) context["session"] = std::move(session);
  Watched watched(exchange, get_string(context, "request_id"));
  const LogScope scope(std::move(context));
  const auto begin = std::chrono::steady_clock::now();
  next(watched);
  const LogLevel level = level_of(head.path, watched.status());
  if (!logger_.enabled(level)) return;
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  logger_.log(level, "request",
              {{"method", head.method},
               {"path", path_to_log(head.path)},
               {"status", watched.status()},
               {"duration_ms", static_cast<double>(static_cast<std::int64_t>(took.count() * 1000)) / 1000},
               {"bytes", watched.bytes()}});
}

}  // namespace ottobot::api
