// The `ottobot` program on a Redis of its own.
#pragma once

#include <gtest/gtest.h>

#include <fstream>

#include "net/client/http_client.hpp"
#include "ottobot/json.hpp"
#include "ottobot/testing/results.hpp"
#include "program.hpp"
#include "redis/redis_server.hpp"

namespace ottobot::testing {

class RedisProgram : public ::testing::Test {
 protected:
  void SetUp() override {
    OTTOBOT_NEED_REDIS();
    redis_ = std::make_unique<RedisServer>(std::vector<std::string>{"--appendonly", "yes", "--appendfsync", "always"});
    client_ = value_of(net::make_http_client());
    config_ = config({});
  }

  // A file of settings: this Redis, and `more`.
  std::string config(const std::map<std::string, std::string>& more) {
    const std::string file = (home_.dir() / ("redis" + std::to_string(configs_++) + ".conf")).string();
    std::ofstream out(file);
    out << "REDIS_URL=unix:" << redis_->socket() << "\n";
    out << "OTTOBOT_SANDBOXES_AT_END=stop\n";  // sessions are left behind here, and sandboxes shall not be
    for (const auto& [name, value] : more) out << name << "=" << value << "\n";
    return file;
  }
  std::vector<std::string> on_redis(std::vector<std::string> arguments, const std::string& config) const {
    arguments.insert(arguments.end(), {"--store", "redis", "--config", config});
    return arguments;
  }
  std::vector<std::string> on_redis(std::vector<std::string> arguments) const {
    return on_redis(std::move(arguments), config_);
  }

  net::HttpResponse ask(const std::string& url, const std::string& body = {}) {
    net::HttpRequest request;
    request.method = body.empty() ? "GET" : "POST";
    request.url = url;
    request.body = body;
    if (!body.empty()) request.headers.add("Content-Type", "application/json");
    return value_of(client_->fetch(request, with_timeout(std::chrono::seconds(20))));
  }
  Json json_at(const std::string& url) { return value_of(parse_json(ask(url).body)); }
  // The id of a new session.
  std::string create(const std::string& url) {
    const auto created = ask(url + "/session", R"({"initial_prompt": "make a page"})");
    EXPECT_EQ(created.status, 201) << created.body;
    return get_string(value_of(parse_json(created.body)), "session_id");
  }
  template <class Condition>
  static bool eventually(const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      if (condition()) return true;
      (void)system_clock().sleep_for(std::chrono::milliseconds(20), {});
    }
    return false;
  }
  bool becomes(const std::string& url, int status) {
    return eventually([&] { return ask(url).status == status; });
  }

  ProgramHome home_;
  std::string config_;
  int configs_ = 0;
  std::unique_ptr<RedisServer> redis_;
  std::unique_ptr<net::HttpClient> client_;
};

}  // namespace ottobot::testing
