#include "api/preview_app.hpp"

#include "api/bridged_socket.hpp"
#include "api/preview_headers.hpp"
#include "api/upload.hpp"
#include "net/client/stream_request.hpp"

namespace ottobot::api {
namespace {

constexpr std::chrono::milliseconds kConnectTimeout{5000};
constexpr std::chrono::milliseconds kIdleTimeout{5 * 60'000};  // a build may take its time
constexpr std::chrono::milliseconds kWholeTimeout{60 * 60'000};
constexpr std::chrono::milliseconds kLookTimeout{2000};

bool is_repeatable(const net::RequestHead& head) {
  return (head.method == "GET" || head.method == "HEAD") && !is_websocket(head);
}

Result<void> done_with(const Result<bool>& answered) {
  if (!answered) return fail(answered.error());
  return {};
}

bool leads_to(const net::Headers& headers, const PreviewTarget& target) {
  const auto location = headers.find("Location");
  const auto path = location ? own_path(*location, target.port) : std::nullopt;
  return path && path->starts_with(told_prefix(target) + "/");
}

Result<net::RawStream> connect_app(const Endpoint& sandbox, int port, const CallContext& ctx) {
  auto stream = net::open_raw_stream(sandbox, "/tcp/" + std::to_string(port), "tcp", ctx.within(kConnectTimeout));
  if (stream) return stream;
  return unavailable("nothing answers on port " + std::to_string(port) + " of the sandbox",
                     "start the app there, on 127.0.0.1 or on all addresses; then try again");
}

// What a browser gets of the app's answer.
class AppSink final : public net::ResponseSink {
 public:
  // An answer that `is_mistaken` calls so is dropped.
  using IsMistaken = std::function<bool(int status, const net::Headers& headers)>;
  AppSink(Request& request, const PreviewTarget& target, IsMistaken is_mistaken)
      : request_(request), target_(target), is_mistaken_(std::move(is_mistaken)) {}

  Result<void> on_head(int status, const net::Headers& headers) override {
    if (status == 101) {
      switched_ = websocket_fields(headers);
      return {};
    }
    dropped_ = is_mistaken_ && is_mistaken_(status, headers);
    if (dropped_) return cancelled("the app was asked for a path that it does not know");
    started_ = true;
    return request_.exchange().start(status, headers_for_browser(headers, target_));
  }
  Result<void> on_body(std::string_view bytes) override { return request_.exchange().write(bytes); }

  bool dropped() const { return dropped_; }
  bool started() const { return started_; }
  const net::Headers& switched() const { return switched_; }

 private:
  Request& request_;
  const PreviewTarget& target_;
  const IsMistaken is_mistaken_;
  bool dropped_ = false;
  bool started_ = false;
  net::Headers switched_;
};

// Whether an app leads from its root to a prefix that it was told.
class RootSink final : public net::ResponseSink {
 public:
  explicit RootSink(const PreviewTarget& target) : target_(target) {}
  Result<void> on_head(int, const net::Headers& headers) override {
    leads_to_prefix_ = leads_to(headers, target_);
    return cancelled("only the head was of interest");
  }
  Result<void> on_body(std::string_view) override { return {}; }
  std::optional<bool> leads_to_prefix() const { return leads_to_prefix_; }

 private:
  const PreviewTarget& target_;
  std::optional<bool> leads_to_prefix_;
};

net::HttpRequest app_request(const Context& context, const Request& request, const PreviewTarget& target,
                             const std::string& app_path) {
  net::HttpRequest upstream;
  upstream.method = request.head().method;
  upstream.url = path_and_query(app_path, target.query);
  const bool key_was_asked_for = !target.own_host && !context.access->is_open();
  upstream.headers = headers_for_app(request.head(), target, key_was_asked_for);
  upstream.idle_timeout = kIdleTimeout;
  if (is_websocket(request.head())) {
    upstream.headers.add("Connection", "Upgrade");
    upstream.headers.add("Upgrade", "websocket");
  } else {
    upstream.headers.add("Connection", "close");
  }
  return upstream;
}

bool has_body(const net::RequestHead& head) {
  return head.headers.find("Content-Length").has_value() || head.headers.find("Transfer-Encoding").has_value();
}

// One request of a browser.
class PreviewRequest {
 public:
  PreviewRequest(Context& context, Request& request, const Endpoint& sandbox, const PreviewTarget& target)
      : context_(context),
        request_(request),
        sandbox_(sandbox),
        target_(target),
        ctx_(with_timeout(kWholeTimeout).with_stop(request.exchange().client_gone())) {}

  // Puts the body aside, so that it can be sent while the answer comes. False = it could not be read, and the answer
  // has been given.
  Result<bool> take_body() {
    if (!has_body(request_.head())) return true;
    auto received = Upload::receive(request_, kMaxUploadBytes);
    if (!received) return fail(received.error());
    body_ = std::move(*received);
    return body_.has_value();
  }

  // False = the answer was dropped.
  Result<bool> ask(const std::string& path, AppSink::IsMistaken is_mistaken) {
    auto stream = connect_app(sandbox_, target_.port, ctx_);
    if (!stream) return fail(stream.error());
    net::HttpRequest upstream = app_request(context_, request_, target_, path);
    if (body_) {
      upstream.headers.add("Content-Length", std::to_string(body_->size_bytes()));
      upstream.body_source = body_->source();
    }
    AppSink sink(request_, target_, std::move(is_mistaken));
    auto done = net::request_over(std::move(*stream), upstream, sink, ctx_);
    if (sink.dropped()) return false;
    if (sink.started()) {
      // Left unfinished, the exchange breaks the connection: half a body must not pass for a whole one.
      if (done || request_.is_head()) request_.exchange().finish();
      return true;
    }
    if (!done) return unavailable("the app on port " + std::to_string(target_.port) + ": " + done.error().message);
    if (auto ok = bridge_websocket(context_, request_, std::move(**done), sink.switched()); !ok) return fail(ok.error());
    return true;
  }

  // Whether the app leads from its root to the prefix; nullopt = it says nothing.
  std::optional<bool> leads_to_prefix() const {
    const CallContext ctx = ctx_.within(kLookTimeout);
    auto stream = connect_app(sandbox_, target_.port, ctx);
    if (!stream) return std::nullopt;
    net::HttpRequest upstream;
    upstream.url = "/";
    upstream.headers = {
        {"Host", "localhost:" + std::to_string(target_.port)}, {"Accept", "text/html"}, {"Connection", "close"}};
    RootSink sink(target_);
    (void)net::request_over(std::move(*stream), upstream, sink, ctx);
    return sink.leads_to_prefix();
  }

 private:
  Context& context_;
  Request& request_;
  const Endpoint& sandbox_;
  const PreviewTarget& target_;
  const CallContext ctx_;
  std::optional<Upload> body_;
};

}  // namespace

Result<void> PreviewApps::ask(Request& request, const Endpoint& sandbox, const PreviewTarget& target) {
  PreviewRequest app(context_, request, sandbox, target);
  const auto body = app.take_body();
  if (!body) return fail(body.error());
  if (!*body) return {};
  if (target.own_host) return done_with(app.ask(target.path, {}));

  const std::string name = target.session_id + " " + std::to_string(target.port);
  bool prefixed = with_prefix_.has(name);
  const auto look = [&] {
    const bool found = app.leads_to_prefix().value_or(prefixed);
    found ? with_prefix_.add(name) : with_prefix_.remove(name);
    return found;
  };
  const auto path = [&] { return prefixed ? told_prefix(target) + target.path : target.path; };
  if (!is_repeatable(request.head())) {
    if (!prefixed) prefixed = look();
    return done_with(app.ask(path(), {}));
  }
  const auto answered = app.ask(path(), [&](int status, const net::Headers& headers) {
    if (status == 404) return look() != prefixed;
    const bool found = !prefixed && leads_to(headers, target);
    if (found) with_prefix_.add(name);
    return found;
  });
  if (!answered || *answered) return done_with(answered);
  prefixed = !prefixed;
  return done_with(app.ask(path(), {}));
}

}  // namespace ottobot::api
