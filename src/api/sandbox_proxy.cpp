#include "api/sandbox_proxy.hpp"

#include <algorithm>
#include <array>

#include "api/errors.hpp"

namespace ottobot::api {
namespace {

constexpr std::chrono::milliseconds kConnectTimeout{5000};
constexpr std::chrono::milliseconds kFindTimeout{5000};
constexpr std::size_t kMaxErrorBytes = 64 << 10;
constexpr std::size_t kMaxErrorText = 500;

class ProxySink final : public net::ResponseSink {
 public:
  ProxySink(Request& request, const ProxyAnswer& answer) : request_(request), answer_(answer) {}

  Result<void> on_head(int status, const net::Headers& headers) override {
    status_ = status;
    if (status >= 400 && !answer_.as_it_is) {
      if (const auto range = headers.find("Content-Range")) content_range_ = std::string(*range);
      return {};
    }
    started_ = true;
    if (auto ok = request_.exchange().start(status, passed(headers)); !ok) return ok;
    if (request_.is_head()) return cancelled("only the head was asked for");
    return {};
  }

  Result<void> on_body(std::string_view bytes) override {
    if (started_) return request_.exchange().write(bytes);
    error_body_ += bytes.substr(0, kMaxErrorBytes - std::min(kMaxErrorBytes, error_body_.size()));
    return {};
  }

  bool started() const { return started_; }

  // The sandbox refused: the same for the client, if it is something that a client can do something about.
  void answer_refusal() {
    constexpr std::array<int, 7> kForClients{400, 403, 404, 405, 409, 413, 416};
    const bool for_client = std::find(kForClients.begin(), kForClients.end(), status_) != kForClients.end();
    const auto body = parse_json(error_body_);
    std::string message = body ? get_string(*body, "message") : "";
    if (message.empty()) message = "the sandbox answered " + std::to_string(status_);
    if (message.size() > kMaxErrorText) message.resize(utf8_complete_prefix(message.substr(0, kMaxErrorText)));
    net::Response response = error_response(for_client ? status_ : 503, message);
    if (status_ == 416 && !content_range_.empty()) response.headers.add("Content-Range", content_range_);
    request_.exchange().respond(std::move(response));
  }

 private:
  net::Headers passed(const net::Headers& from) const {
    net::Headers headers;
    const bool was_decoded = from.find("Content-Encoding").has_value();  // then its length is another one now
    for (const std::string& name : answer_.pass_headers) {
      if (was_decoded && net::equals_ignore_case(name, "Content-Length")) continue;
      if (const auto value = from.find(name)) headers.add(name, std::string(*value));
    }
    for (const auto& [name, value] : answer_.added) headers.set(name, value);
    return headers;
  }

  Request& request_;
  const ProxyAnswer& answer_;
  int status_ = 0;
  bool started_ = false;
  std::string content_range_;
  std::string error_body_;
};

}  // namespace

Result<Endpoint> find_sandbox(Context& context, const SessionRow& row) {
  return context.deps.sandbox_of(row, with_timeout(kFindTimeout));
}

Result<void> proxy_to_sandbox(Context& context, Request& request, net::HttpRequest upstream, const ProxyAnswer& answer,
                              const ProxyLimits& limits) {
  upstream.connect_timeout = kConnectTimeout;
  upstream.idle_timeout = limits.idle;
  ProxySink sink(request, answer);
  const CallContext ctx = with_timeout(limits.whole).with_stop(request.exchange().client_gone());
  const Result<void> done = context.deps.http.stream(upstream, sink, ctx);
  if (sink.started()) {
    // Left unfinished, the exchange breaks the connection: half a body must not pass for a whole one.
    if (done || request.is_head()) request.exchange().finish();
    return {};
  }
  if (!done)
    return unavailable("the sandbox does not answer: " + done.error().message, "it may be restarting; try again");
  sink.answer_refusal();
  return {};
}

}  // namespace ottobot::api
