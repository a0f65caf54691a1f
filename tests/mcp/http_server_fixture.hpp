// A real HTTP server around MCP tools, and bare requests to it.
#pragma once

#include <gtest/gtest.h>

#include "mcp/http_binding.hpp"
#include "mcp/http_host.hpp"
#include "mcp/mcp_fixtures.hpp"
#include "mcp/sse.hpp"

namespace ottobot::mcp::test {

using namespace std::chrono_literals;

class HttpServerFixture : public ::testing::Test {
 protected:
  HttpServerFixture() {
    add("echo", echo_handler);
    add("steps", [](ToolCall& call, const CallContext&) {
      for (int step = 1; step <= 3; ++step) call.progress(step, 3, "step");
      return text_result("done");
    });
    host_ = std::make_unique<HttpHost>(server_, Wire::tcp, options());
  }

  static HttpServerTransportOptions options() {
    HttpServerTransportOptions options;
    options.max_body_bytes = 4096;
    options.quiet_before_stream = 20ms;
    options.keep_alive = 20ms;
    return options;
  }

  void add(const std::string& name, ToolHandler handler) {
    ASSERT_TRUE(server_.add_tool(named_tool(name), std::move(handler)).has_value());
  }

  net::HttpRequest request(std::string method, std::string body = {}) {
    net::HttpRequest request;
    request.method = std::move(method);
    request.url = host_->endpoint().url + "/mcp";
    request.headers.add("Content-Type", "application/json");
    request.headers.add("Accept", "application/json, text/event-stream");
    request.body = std::move(body);
    return request;
  }

  net::HttpResponse fetch(const net::HttpRequest& http_request) {
    auto response = host_->client().fetch(http_request, with_timeout(20s));
    EXPECT_TRUE(response.has_value()) << response.error().to_string();
    return response.value_or(net::HttpResponse{});
  }

  std::string start_session() {
    const auto response = fetch(request("POST", initialize_request(1).dump()));
    EXPECT_EQ(response.status, 200);
    return std::string(response.headers.find("MCP-Session-Id").value_or(""));
  }

  net::HttpRequest in_session(const std::string& id, std::string method, const Json& message = nullptr) {
    auto http_request = request(std::move(method), message.is_null() ? "" : message.dump());
    http_request.headers.add("MCP-Session-Id", id);
    http_request.headers.add("MCP-Protocol-Version", std::string(kLegacyVersion));
    return http_request;
  }

  net::HttpRequest modern(const Json& message) {
    auto http_request = request("POST", message.dump());
    for (auto& [name, value] : http_binding::modern_headers(*parse_message(message))) {
      http_request.headers.add(name, value);
    }
    return http_request;
  }

  static int code_of(const net::HttpResponse& response) {
    return Json::parse(response.body, nullptr, false).value("/error/code"_json_pointer, 0);
  }

  static std::vector<Json> events_of(const net::HttpResponse& response) {
    SseParser parser(1 << 20);
    std::vector<Json> messages;
    const auto events = parser.feed(response.body).value();
    for (const auto& event : events) messages.push_back(Json::parse(event.data));
    return messages;
  }

  static std::string content_type(const net::HttpResponse& response) {
    return std::string(response.headers.find("Content-Type").value_or(""));
  }

  Server server_{ServerOptions{}};
  std::unique_ptr<HttpHost> host_;
};

inline const Json kPing = {{"jsonrpc", "2.0"}, {"id", 2}, {"method", "ping"}};
inline const Json kInitialized = {{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}};

}  // namespace ottobot::mcp::test
