#include "api/api_fixture.hpp"

#include "ottobot/ids.hpp"

namespace ottobot::api::test {
namespace {

constexpr std::chrono::seconds kPatience{20};

std::unique_ptr<net::HttpServer> must_make_server() {
  auto server = net::make_http_server({});
  EXPECT_TRUE(server);
  return std::move(*server);
}

}  // namespace

FakeSandbox::FakeSandbox() : server_(must_make_server()) {
  char folder[] = "/tmp/ottobot-api-XXXXXX";
  folder_ = ::mkdtemp(folder);
  socket_ = (folder_ / "sandboxd.sock").string();
  net::ListenOptions options;
  options.address = "unix:" + socket_;
  options.handler = [this](net::Exchange& exchange) { handle(exchange); };
  auto listener = server_->listen(std::move(options));
  EXPECT_TRUE(listener) << listener.error().to_string();
  listener_ = std::move(*listener);
}

FakeSandbox::~FakeSandbox() {
  listener_.reset();
  server_.reset();
  std::filesystem::remove_all(folder_);
}

void FakeSandbox::handle(net::Exchange& exchange) {
  const auto& head = exchange.request();
  const auto token = head.headers.find("Authorization");
  if (!token || *token != "Bearer secret") return exchange.respond({401, {}, "{}"});
  const std::pair<std::string_view, std::function<void(net::Exchange&)>*> routes[] = {
      {"/archive", &archive}, {"/files", &files}, {"/mcp", &mcp}, {"/health", &mcp}, {"/rfb", &rfb}, {"/tcp/", &tcp}};
  for (const auto& [prefix, handler] : routes) {
    if (head.path.starts_with(prefix) && *handler) return (*handler)(exchange);
  }
  exchange.respond({404, {}, R"({"error":"Not Found","message":"no such thing in the sandbox"})"});
}

ApiTest::ApiTest() : server_(must_make_server()) {
  auto http = net::make_http_client();
  EXPECT_TRUE(http);
  http_ = std::move(*http);
  restart({"1.2.3", "127.0.0.1", 0, "", {"http://friend.example"}});
}

void ApiTest::make_sessions() {
  SessionServiceOptions options;
  options.default_model = "scripted:demo";
  options.queue_limit = 200;
  options.resolve_model = [](const std::string& model) -> Result<std::string> {
    if (model == "nonsense") return invalid_field("model", "there is no such model");
    return model;
  };
  sessions_ = std::make_unique<SessionService>(*store_, *queue_, *clock_, *logger_, std::move(options));
}

ApiTest::~ApiTest() {
  listener_.reset();
  api_.reset();
}

void ApiTest::restart(ApiOptions options) {
  listener_.reset();
  api_.reset();
  make_sessions();
  auto api = Api::make({*sessions_, *store_, *http_, *server_, *clock_, *logger_,
                        [this](const SessionRow&, const CallContext&) -> Result<Endpoint> {
                          if (!sandbox_up_) return not_found("no sandbox runs");
                          return sandbox_.endpoint();
                        },
                        {},
                        [this] {
                          return health_ ? health_() : Json{{"store", true}, {"workers", 1}};
                        },
                        metrics_, metrics_text_, on_answered_},
                       std::move(options));
  ASSERT_TRUE(api) << api.error().to_string();
  api_ = std::move(*api);
  net::ListenOptions listen;
  listen.handler = [this, handle = api_->handler()](net::Exchange& exchange) {
    ++handling_;
    handle(exchange);
    --handling_;
  };
  listen.is_inline = [this](const net::RequestHead& head) { return api_->is_inline(head); };
  listen.is_quick = [this](net::RequestHead& head) { return api_->is_quick(head); };
  listen.error_response = [this](int status, const std::string& message) {
    return api_->error_response(status, message);
  };
  auto listener = server_->listen(std::move(listen));
  ASSERT_TRUE(listener) << listener.error().to_string();
  listener_ = std::move(*listener);
  api_->set_port(listener_->port());
}

net::HttpResponse ApiTest::send(const std::string& method, const std::string& path, const std::string& body,
                                net::Headers headers) {
  net::HttpRequest request;
  request.method = method;
  request.url = "http://127.0.0.1:" + std::to_string(port()) + path;
  request.headers = std::move(headers);
  request.body = body;
  auto response = http_->fetch(request, with_timeout(kPatience));
  EXPECT_TRUE(response) << method << " " << path << ": " << response.error().to_string();
  return response.value_or(net::HttpResponse{});
}

Json ApiTest::json_of(const net::HttpResponse& response) {
  auto json = parse_json(response.body);
  EXPECT_TRUE(json) << response.status << ": " << response.body;
  return json.value_or(Json());
}

std::string ApiTest::create_session(const std::string& user) {
  NewSession request;
  request.initial_prompt = "Build it";
  request.user = user;
  const auto row = sessions_->create(request, with_timeout(kPatience));
  EXPECT_TRUE(row) << row.error().to_string();
  return row ? row->id : "";
}

Seq ApiTest::append(const std::string& session_id, std::vector<NewEvent> events, RowPatch patch) {
  const auto lease = store_->acquire_lease({session_id, "test"}, with_timeout(kPatience));
  EXPECT_TRUE(lease) << lease.error().to_string();
  AppendOwnerParams params;
  params.session_id = session_id;
  params.events = std::move(events);
  params.patch = std::move(patch);
  params.epoch = lease->epoch;
  const auto appended = store_->append_owner(params, with_timeout(kPatience));
  EXPECT_TRUE(appended) << appended.error().to_string();
  return appended ? appended->last_seq : 0;
}

Seq ApiTest::say(const std::string& session_id, const std::string& text) {
  return append(session_id, {events::agent_thinking(text)});
}

void ApiTest::finish_delete(const std::string& session_id) {
  RowPatch patch;
  patch.status = SessionStatus::terminated;
  patch.phase = "";
  patch.pending = false;
  append(session_id, {events::status_changed(SessionStatus::terminated)}, patch);
}

std::string ApiTest::store_archive(const std::string& session_id, const std::string& bytes) {
  const auto blob = put_blob(*store_, session_id, bytes, with_timeout(kPatience));
  EXPECT_TRUE(blob);
  RowPatch patch;
  patch.archive_blob = *blob;
  append(session_id, {}, patch);
  return *blob;
}

}  // namespace ottobot::api::test
