// The whole endpoint over a unix socket, as the server sees it.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "net/client/http_client.hpp"
#include "net/process/spawn.hpp"
#include "net/process/unix_socket.hpp"
#include "ottobot/mcp/client.hpp"
#include "ottobot/mcp/transports.hpp"
#include "sandboxd/sandbox.hpp"
#include "sandboxd/temp_folder.hpp"

namespace ottobot::sandboxd {
namespace {

using ::testing::HasSubstr;

class EndpointTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SandboxOptions options;
    options.workspace = workspace_.path();
    options.listen = "unix:" + (run_ / "s.sock");
    options.token = "secret-token";
    options.run_folder = run_.path();
    options.desktop = DesktopMode::off;
    options.environment = {{"PATH", "/usr/bin:/bin"}, {"OTTOBOT_SANDBOX_TOKEN", "secret-token"}};
    auto sandbox = Sandbox::start(options);
    ASSERT_TRUE(sandbox) << sandbox.error().to_string();
    sandbox_ = std::move(*sandbox);
    endpoint_ = {sandbox_->address(), "secret-token", std::nullopt};
    auto client = net::make_http_client();
    ASSERT_TRUE(client);
    client_ = std::move(*client);
  }

  static CallContext limit() { return with_timeout(std::chrono::seconds(30)); }

  net::HttpResponse fetch(const std::string& method, const std::string& path, const std::string& body = "",
                          net::Headers extra = {}) {
    auto request = net::request_to(endpoint_, method, path);
    request.body = body;
    for (const auto& [name, value] : extra) request.headers.add(name, value);
    auto response = client_->fetch(request, limit());
    if (!response) ADD_FAILURE() << method << " " << path << ": " << response.error().to_string();
    return response.value_or(net::HttpResponse{});
  }
  Json json(const net::HttpResponse& response) { return parse_json(response.body).value_or(Json()); }

  TempFolder workspace_, run_;
  std::unique_ptr<Sandbox> sandbox_;
  std::unique_ptr<net::HttpClient> client_;
  Endpoint endpoint_;
};

TEST_F(EndpointTest, HealthIsOpenAndTheRestNeedsTheToken) {
  endpoint_.token = "wrong";
  auto health = fetch("GET", "/health");
  EXPECT_EQ(health.status, 200);
  EXPECT_EQ(json(health)["status"], "healthy");
  EXPECT_EQ(json(health)["desktop"], "off");
  for (const char* path :
       {"/mcp", "/files?path=.", "/files/a", "/archive", "/rfb", "/tcp/80", "/control/claim", "/nothing"}) {
    EXPECT_EQ(fetch("GET", path).status, 401) << path;
  }
}

TEST_F(EndpointTest, ServesToolsWithoutShowingTheToken) {
  auto transport = mcp::make_http_transport({endpoint_});
  ASSERT_TRUE(transport) << transport.error().to_string();
  auto mcp_client = mcp::Client::connect(std::move(*transport), {}, limit());
  ASSERT_TRUE(mcp_client) << mcp_client.error().to_string();
  auto tools = (*mcp_client)->list_tools(limit());
  ASSERT_TRUE(tools);
  EXPECT_EQ(tools->size(), 33U);
  auto result = (*mcp_client)->call_tool("execute_command", {{"command", "env; echo $HOME"}}, {}, limit());
  ASSERT_TRUE(result) << result.error().to_string();
  std::string out = get_string(result->structured, "stdout");
  EXPECT_EQ(out.find("secret-token"), std::string::npos);
  EXPECT_THAT(out, HasSubstr(workspace_.path()));
}

TEST_F(EndpointTest, ControlFollowsTheEpoch) {
  auto claimed = fetch("POST", "/control/claim", R"({"epoch":7})");
  EXPECT_EQ(claimed.status, 200);
  EXPECT_EQ(json(claimed)["epoch"], 7);
  EXPECT_EQ(json(claimed)["boot_id"], json(fetch("GET", "/health"))["boot_id"]);
  EXPECT_EQ(fetch("POST", "/control/claim", R"({"epoch":7})").status, 200);
  auto stale = fetch("POST", "/control/claim", R"({"epoch":6})");
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(json(stale)["error"], "Conflict");
  EXPECT_EQ(fetch("POST", "/control/cancel", R"({"call_id":"x","epoch":6})").status, 409);
  EXPECT_EQ(fetch("POST", "/control/ack", R"({"call_ids":["x"],"epoch":6})").status, 409);
  EXPECT_EQ(json(fetch("POST", "/control/cancel", R"({"call_id":"x","epoch":7})"))["cancelled"], true);
  EXPECT_EQ(json(fetch("POST", "/control/ack", R"({"call_ids":["x"],"epoch":7})")), Json::object());
  EXPECT_EQ(fetch("POST", "/control/claim", R"({"epoch":"x"})").status, 400);
  EXPECT_EQ(fetch("POST", "/control/claim", "{").status, 400);
  EXPECT_EQ(fetch("GET", "/control/claim").status, 405);
  EXPECT_EQ(fetch("POST", "/control/other", "{}").status, 404);
}

TEST_F(EndpointTest, StoresAndSendsFiles) {
  EXPECT_EQ(fetch("PUT", "/files/new/d%20e/f.txt", "0123456789").status, 201);
  EXPECT_EQ(workspace_.read("new/d e/f.txt"), "0123456789");
  auto whole = fetch("GET", "/files/new/d%20e/f.txt");
  EXPECT_EQ(whole.body, "0123456789");
  EXPECT_EQ(whole.headers.find("Content-Length"), "10");
  auto part = fetch("GET", "/files/new/d%20e/f.txt", "", {{"Range", "bytes=2-4"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "234");
  EXPECT_EQ(part.headers.find("Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(fetch("GET", "/files/new/d%20e/f.txt", "", {{"Range", "bytes=-3"}}).body, "789");
  auto beyond = fetch("GET", "/files/new/d%20e/f.txt", "", {{"Range", "bytes=10-"}});
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(beyond.headers.find("Content-Range"), "bytes */10");
  const std::string etag(whole.headers.find("ETag").value_or(""));
  auto known = fetch("GET", "/files/new/d%20e/f.txt", "", {{"If-None-Match", etag}});
  EXPECT_EQ(known.status, 304);
  EXPECT_EQ(known.headers.find("ETag"), etag);
  EXPECT_EQ(fetch("GET", "/files/new/d%20e/f.txt", "", {{"If-None-Match", "\"old\""}}).status, 200);
}

TEST_F(EndpointTest, SaysWhatIsWrongWithAPath) {
  workspace_.write("d/f", "x");
  EXPECT_EQ(fetch("GET", "/files/absent").status, 404);
  EXPECT_EQ(fetch("GET", "/files?path=absent").status, 404);
  EXPECT_EQ(fetch("GET", "/files?path=../..").status, 403);
  EXPECT_EQ(fetch("PUT", "/files/d", "x").status, 409);
  EXPECT_EQ(fetch("PUT", "/files/d/f/g", "x").status, 409);
  EXPECT_EQ(fetch("PUT", "/files/..%2Fx", "x").status, 403);
  EXPECT_EQ(fetch("PUT", "/files/caf%E9", "x").status, 400);
  EXPECT_EQ(fetch("DELETE", "/files/d/f").status, 405);
  auto listing = json(fetch("GET", "/files?path=d"));
  EXPECT_EQ(listing["path"], "d");
  EXPECT_EQ(listing["entries"][0]["name"], "f");
}

TEST_F(EndpointTest, ArchivesTheWholeWorkspace) {
  std::string big(3'000'000, 'x');
  workspace_.write("a/big.txt", big);
  workspace_.write("ünï.txt", "name");
  workspace_.write("empty", "");
  std::filesystem::create_symlink("/etc/passwd", workspace_ / "out");
  auto archive = fetch("GET", "/archive");
  EXPECT_EQ(archive.status, 200);
  run_.write("w.zip", archive.body);
  EXPECT_LT(archive.body.size(), 100'000U);
  auto tested = net::run({.argv = {"unzip", "-t", run_ / "w.zip"}}, limit());
  ASSERT_TRUE(tested) << tested.error().to_string();
  EXPECT_EQ(tested->status.code, 0) << tested->out << tested->err;
  std::filesystem::create_directory(run_ / "x");
  auto extracted =
      net::run({.argv = {"env", "LC_ALL=C.UTF-8", "bsdtar", "-xf", run_ / "w.zip", "-C", run_ / "x"}}, limit());
  ASSERT_TRUE(extracted) << extracted.error().to_string();
  EXPECT_EQ(extracted->status.code, 0) << extracted->err;
  EXPECT_EQ(run_.read("x/a/big.txt"), big);
  EXPECT_EQ(run_.read("x/ünï.txt"), "name");
  EXPECT_TRUE(std::filesystem::exists(run_ / "x/empty"));
  EXPECT_EQ(std::filesystem::read_symlink(run_ / "x/out"), "/etc/passwd");
}

TEST_F(EndpointTest, ForwardsTcpToApplicationsInside) {
  net::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length);
  std::string path = "/tcp/" + std::to_string(ntohs(address.sin_port));
  auto stream = net::open_raw_stream(endpoint_, path, "tcp", limit());
  ASSERT_TRUE(stream) << stream.error().to_string();
  net::UniqueFd inside(::accept(listener.get(), nullptr, nullptr));
  ASSERT_EQ(::send(inside.get(), "hello", 5, 0), 5);
  inside.reset();
  std::string got = stream->early_bytes;
  char buffer[64];
  pollfd event{stream->fd.get(), POLLIN, 0};
  while (::poll(&event, 1, 10000) > 0) {
    ssize_t count = ::read(stream->fd.get(), buffer, sizeof buffer);
    if (count <= 0) break;
    got.append(buffer, static_cast<std::size_t>(count));
  }
  EXPECT_EQ(got, "hello");
  EXPECT_EQ(fetch("GET", path).status, 426);
  EXPECT_EQ(fetch("GET", "/tcp/99999").status, 400);
  EXPECT_EQ(fetch("GET", "/rfb", "", {{"Upgrade", "rfb"}, {"Connection", "Upgrade"}}).status, 503);
}

}  // namespace
}  // namespace ottobot::sandboxd
