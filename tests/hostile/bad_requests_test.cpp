// Bytes that are no request, or a request that asks for what nobody may have: each gets its named refusal.
#include <sys/socket.h>

#include "hostile/hostile_fixture.hpp"
#include "net/raw_client.hpp"

namespace ottobot::hostile {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using net::test::RawClient;

struct BadRequest {
  std::string name;
  std::string bytes;
  std::vector<int> statuses;  // any of them
};

const std::string kHost = "Host: 127.0.0.1\r\n";

std::string get(const std::string& target, const std::string& fields = {}) {
  return "GET " + target + " HTTP/1.1\r\n" + kHost + fields + "\r\n";
}

std::string post(const std::string& target, const std::string& body, const std::string& fields = {}) {
  return "POST " + target + " HTTP/1.1\r\n" + kHost +
         "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields + "\r\n" +
         body;
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t n = 0; n < times; ++n) all += text;
  return all;
}

std::string create(const std::string& prompt) { return post("/session", "{\"initial_prompt\":" + prompt + "}"); }

std::vector<BadRequest> malformed() {
  return {
      {"no HTTP", "hello\r\n\r\n", {400}},
      {"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s + std::string(64, 'x') + "\r\n\r\n", {400}},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}},
      {"a version that is none", "GET /health HTTP/9.9\r\n" + kHost + "\r\n", {400, 505}},
      {"no version", "GET /health\r\n\r\n", {400}},
      {"NUL in the target", "GET /hea\0lth HTTP/1.1\r\n"s + kHost + "\r\n", {400}},
      {"NUL in a field", "GET /health HTTP/1.1\r\n" + kHost + "X: a\0b\r\n\r\n"s, {400}},
      {"a bare line feed", "GET /health HTTP/1.1\n" + kHost + "\n", {400}},
      {"a bare carriage return", "GET /health HTTP/1.1\r\n" + kHost + "X: a\rb\r\n\r\n", {400}},
      {"a folded field", "GET /health HTTP/1.1\r\n" + kHost + "X: a\r\n b\r\n\r\n", {400}},
      {"a space before the colon", "GET /health HTTP/1.1\r\n" + kHost + "X : a\r\n\r\n", {400}},
      {"a field without a name", "GET /health HTTP/1.1\r\n" + kHost + ": a\r\n\r\n", {400}},
      {"no host", "GET /health HTTP/1.1\r\n\r\n", {400}},
      {"two hosts", "GET /health HTTP/1.1\r\n" + kHost + "Host: other\r\n\r\n", {400}},
      {"a method in small letters", "get /health HTTP/1.1\r\n" + kHost + "\r\n", {400, 405, 501}},
      {"an unknown method", "STEAL /health HTTP/1.1\r\n" + kHost + "\r\n", {400, 405, 501}},
      {"CONNECT", "CONNECT 127.0.0.1:22 HTTP/1.1\r\n" + kHost + "\r\n", {400, 404, 405, 501}},
      {"TRACE", "TRACE /health HTTP/1.1\r\n" + kHost + "\r\n", {400, 405, 501}},
  };
}

std::vector<BadRequest> smuggled() {
  const std::string hidden = "GET /metrics HTTP/1.1\r\n" + kHost + "\r\n";
  const auto with = [](const std::string& fields, const std::string& body) {
    return "POST /session HTTP/1.1\r\n" + kHost + fields + "\r\n" + body;
  };
  return {
      {"both lengths", with("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + hidden), {400}},
      {"two lengths", with("Content-Length: 0\r\nContent-Length: 40\r\n", hidden), {400}},
      {"a list of lengths", with("Content-Length: 0, 40\r\n", hidden), {400}},
      {"a signed length", with("Content-Length: +4\r\n", hidden), {400}},
      {"a negative length", with("Content-Length: -1\r\n", hidden), {400}},
      {"a hexadecimal length", with("Content-Length: 0x10\r\n", hidden), {400}},
      {"a length beyond numbers", with("Content-Length: 99999999999999999999999\r\n", hidden), {400, 413}},
      {"an unknown coding", with("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n" + hidden), {400, 501}},
      {"chunked, but not last", with("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n" + hidden), {400, 501}},
      {"a coding behind a control character",
       with("Transfer-Encoding: \x0b"
            "chunked\r\n",
            "0\r\n\r\n" + hidden),
       {400}},
      {"a chunk size that is none", with("Transfer-Encoding: chunked\r\n", "zz\r\n" + hidden), {400}},
      {"a negative chunk size", with("Transfer-Encoding: chunked\r\n", "-1\r\n" + hidden), {400}},
      {"a chunk longer than it says", with("Transfer-Encoding: chunked\r\n", "1\r\nabc\r\n0\r\n\r\n" + hidden), {400}},
      {"a chunk size beyond numbers", with("Transfer-Encoding: chunked\r\n", std::string(32, 'f') + "\r\n"), {400}},
  };
}

std::vector<BadRequest> oversized() {
  const std::string chunk = "10000\r\n" + std::string(0x10000, '[') + "\r\n";
  return {
      {"a long target", get("/" + std::string(64 << 10, 'a')), {414}},
      {"a long field", get("/health", "X: " + std::string(64 << 10, 'a') + "\r\n"), {431}},
      {"many fields", get("/health", repeated("X: a\r\n", 10'000)), {431}},
      {"a body of a terabyte", "POST /session HTTP/1.1\r\n" + kHost + "Content-Length: 1099511627776\r\n\r\n", {413}},
      {"a body of two megabytes", post("/session", std::string(2 << 20, ' ')), {413}},
      {"chunks without end",
       "POST /session HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n" + repeated(chunk, 32),
       {413}},
      {"a long chunk extension",
       "POST /session HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(64 << 10, 'x'),
       {400}},
      {"a long prompt", create("\"" + std::string(5001, 'x') + "\""), {400}},
      {"a long idempotency key",
       post("/session", "{\"initial_prompt\":\"x\"}", "Idempotency-Key: " + std::string(256, 'k') + "\r\n"),
       {400}},
  };
}

std::vector<BadRequest> bad_values(const std::string& session) {
  const std::string of = "/session/" + session;
  return {
      {"deep JSON", create(std::string(100'000, '[')), {400}},
      {"deep objects", create(repeated("{\"a\":", 50'000)), {400}},
      {"JSON that is cut off", post("/session", "{\"initial_prompt\":\"x"), {400}},
      {"JSON with a tail", post("/session", "{\"initial_prompt\":\"x\"}}"), {400}},
      {"a list", post("/session", "[]"), {400}},
      {"nothing", post("/session", ""), {400}},
      {"no UTF-8", create("\"\xff\xfe\""), {400}},
      {"overlong UTF-8", create("\"\xc0\xaf\""), {400}},
      {"half a surrogate pair", create("\"\\ud800\""), {400}},
      {"a NUL in JSON", create("\"a\0b\""s), {400}},
      {"a number beyond doubles", post("/session", "{\"initial_prompt\":\"x\",\"timeout\":1e999}"), {400}},
      {"a long number",
       post("/session", "{\"initial_prompt\":\"x\",\"timeout\":" + std::string(100'000, '9') + "}"),
       {400}},
      {"the wrong type", create("{}"), {400}},
      {"an unknown environment", post("/session", R"({"initial_prompt":"x","environment":"../../etc"})"), {400}},
      {"an image that is a command", post("/session", R"({"initial_prompt":"x","image":"-v /:/host"})"), {400}},
      {"a negative after", get(of + "/events?after=-1"), {400}},
      {"an after of words", get(of + "/events?after=all"), {400}},
      {"an after beyond numbers", get(of + "/events?after=99999999999999999999"), {400}},
      {"a limit of nothing", get(of + "/events?limit=0"), {400}},
      {"a limit of everything", get(of + "/events?limit=1000000000"), {400}},
      {"a broken escape", get(of + "/events?after=%zz"), {400}},
      {"a parameter twice", get(of + "/events?after=1&after=2"), {400}},
      {"a last event id of words", get(of + "/events", "Accept: text/event-stream\r\nLast-Event-ID: x\r\n"), {400}},
      {"an id that is a path", get("/session/..%2f..%2fetc%2fpasswd"), {404}},
      {"an id with a NUL", get("/session/%00"), {400, 404}},
      {"a long id", get("/session/" + std::string(8000, 'a')), {404}},
      {"an upgrade to something else", get(of + "/chat", "Upgrade: h2c\r\nConnection: Upgrade\r\n"), {400, 426}},
      {"a chat without a key", get(of + "/chat", "Upgrade: websocket\r\nConnection: Upgrade\r\n"), {400, 426}},
      {"a chat of another version",
       get(of + "/chat",
           "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
           "Sec-WebSocket-Version: 7\r\n"),
       {400, 426}},
  };
}

std::vector<BadRequest> bad_paths(const std::string& session) {
  const std::string files = "/download/" + session;
  const std::string put = "/session/" + session + "/files";
  const auto upload = [](const std::string& target) {
    return "PUT " + target + " HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\n\r\nx";
  };
  return {
      {"parent", get(files + "/../../../../etc/passwd"), {400, 403, 404}},
      {"escaped parent", get(files + "/%2e%2e/%2e%2e/etc/passwd"), {400, 403, 404}},
      {"escaped slash", get(files + "/..%2f..%2fetc%2fpasswd"), {400, 403, 404}},
      {"absolute", get(files + "//etc/passwd"), {400, 403, 404}},
      {"overlong", get(files + "/%c0%ae%c0%ae/etc/passwd"), {400, 403, 404}},
      {"NUL", get(files + "/own.txt%00.png"), {400}},
      {"a link out", get(files + "/out"), {400, 403, 404}},
      {"a link to the root", get(files + "/root/etc/passwd"), {400, 403, 404}},
      {"a link to itself", get(files + "/loop"), {400, 403, 404}},
      {"a pipe", get(files + "/pipe"), {400, 403, 404, 409}},
      {"a folder", get(files + "/folder"), {400, 403, 404, 409}},
      {"a range behind the end", get(files + "/own.txt", "Range: bytes=100000-\r\n"), {416}},
      {"a listing outside", get(put + "?path=../.."), {400, 403, 404}},
      {"an upload outside", upload(put + "/../../escaped"), {400, 403, 404}},
      {"an upload through a link", upload(put + "/root/tmp/escaped"), {400, 403, 404}},
      {"an upload onto a folder", upload(put + "/folder"), {400, 409}},
      {"an upload to nowhere", upload(put + "/"), {400, 404, 405, 409}},
  };
}

class BadRequests : public HostileTest {
 protected:
  static void expect_refusal(int port, const BadRequest& bad) {
    SCOPED_TRACE(bad.name);
    RawClient client(port);
    ASSERT_TRUE(client.connected());
    client.send(bad.bytes);  // it may be refused before it is whole
    const auto answer = client.response();
    EXPECT_THAT(bad.statuses, ::testing::Contains(answer.status)) << answer.head << "\n" << answer.body;
    const Json body = parse_json(answer.body).value_or(Json());
    EXPECT_FALSE(get_string(body, "error").empty()) << answer.body;
    EXPECT_FALSE(get_string(body, "message").empty()) << answer.body;
    EXPECT_EQ(answer.body.find("root:x:0"), std::string::npos);
  }
  static void expect_refusals(int port, const std::vector<BadRequest>& all) {
    for (const BadRequest& bad : all) expect_refusal(port, bad);
  }
};

TEST_F(BadRequests, MalformedOnesAreRefusedOnEveryPort) {
  expect_nothing_left_by([] {
    for (const int at : {port(), port_of("vnc_port"), port_of("mcp_port")}) {
      SCOPED_TRACE("port " + std::to_string(at));
      expect_refusals(at, malformed());
    }
  });
}

TEST_F(BadRequests, SmuggledOnesAreRefusedAndWhatTheyHideIsNotAnswered) {
  expect_nothing_left_by([] {
    for (const int at : {port(), port_of("vnc_port"), port_of("mcp_port")}) {
      for (const BadRequest& bad : smuggled()) {
        SCOPED_TRACE(bad.name + " on port " + std::to_string(at));
        RawClient client(at);
        client.send(bad.bytes);
        const auto answer = client.response();
        // A port without that route may say so before it looks at the body.
        const bool refused = answer.status >= 400 && answer.status < 500;
        EXPECT_TRUE(refused || answer.status == 501) << answer.head;
        if (at == port()) {
          EXPECT_THAT(bad.statuses, ::testing::Contains(answer.status)) << answer.head;
        }
        EXPECT_TRUE(client.closed_by_peer()) << "there was a second answer, or none";
      }
    }
  });
}

TEST_F(BadRequests, OversizedOnesAreRefused) {
  expect_nothing_left_by([] { expect_refusals(port(), oversized()); });
}

TEST_F(BadRequests, BadValuesAreNamed) {
  expect_nothing_left_by([] { expect_refusals(port(), bad_values(session())); });
}

TEST_F(BadRequests, NoPathLeadsOutOfTheWorkspace) {
  expect_nothing_left_by([] { expect_refusals(port(), bad_paths(session())); });
}

TEST_F(BadRequests, UnknownThingsAreNotFoundOnTheSessionsOwnPorts) {
  expect_nothing_left_by([] {
    for (const char* target :
         {"/../../etc/passwd", "/%2e%2e/etc/passwd", "/%00", "/..%2f..%2fetc/passwd", "/core/../.."}) {
      for (const int at : {port_of("vnc_port"), port_of("mcp_port")}) {
        SCOPED_TRACE(target);
        RawClient client(at);
        client.send(get(target));
        const auto answer = client.response();
        EXPECT_TRUE(answer.status >= 400 && answer.status < 500) << answer.head;
      }
    }
  });
}

TEST_F(BadRequests, ThoseWhoStopHalfWayAreLetGo) {
  const std::vector<std::string> halves{
      "G", "GET /health HTTP/1.1\r\nHo", "POST /session HTTP/1.1\r\n" + kHost + "Content-Length: 100\r\n\r\n{",
      "POST /session HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n5\r\n{"};
  expect_nothing_left_by([&] {
    for (const std::string& half : halves) {
      RawClient half_open(port()), reset(port());
      half_open.send(half);
      half_open.end_sending();
      bool closed = false;
      half_open.take_rest(closed);
      EXPECT_TRUE(closed) << half;
      reset.send(half);
      const linger at_once{1, 0};
      ::setsockopt(reset.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    // Whoever has sent it all may close his half and is answered.
    RawClient whole(port());
    whole.send(get("/health"));
    whole.end_sending();
    EXPECT_EQ(whole.response().status, 200);
  });
}

}  // namespace
}  // namespace ottobot::hostile
