// API servers and workers as processes of their own, on one Redis: what a user sees is as with one process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "integration/numbered_lines.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"
#include "ottobot/testing/results.hpp"
#include "redis/redis_server.hpp"

namespace ottobot::integration {
namespace {

using ::testing::HasSubstr;

constexpr std::chrono::seconds kSoon{20};
constexpr std::chrono::seconds kRedisAway{3};  // longer than leases are kept without it

class Cluster : public ::testing::Test {
 protected:
  void SetUp() override {
    OTTOBOT_NEED_REDIS();
    redis_.emplace(std::vector<std::string>{"--appendonly", "yes", "--appendfsync", "always"});
  }

  ServerProcess& start(const std::string& role, const std::string& keys = {}) {
    Environment settings{{"MODE", role},
                         {"OTTOBOT_STORE", "redis"},
                         {"REDIS_URL", "unix:" + redis_->socket()},
                         {"OTTOBOT_CLUSTER_SECRET", "the-same-for-all-processes"}};
    if (!keys.empty()) settings["OTTOBOT_API_KEYS"] = keys;
    if (processes_.empty()) {
      processes_.push_back(std::make_unique<ServerProcess>(numbered_lines_scenario(), settings));
    } else {  // with the first one's files
      const auto data_dir = processes_.front()->data_dir();
      settings["OTTOBOT_DATA_DIR"] = data_dir.string();
      settings["LLM_MODEL"] = "scripted:" + (data_dir.parent_path() / "scenario.json").string();
      processes_.push_back(std::make_unique<ServerProcess>(settings));
    }
    const auto started = processes_.back()->start();
    EXPECT_TRUE(started) << started.error().to_string();
    return *processes_.back();
  }

  // The process that runs the session.
  ServerProcess* runner_of(const SessionClient& client) {
    const Json workers = client.get("/metrics").value("worker_status", Json::array());
    for (const Json& worker : workers) {
      if (get_int(worker, "current_jobs") == 0) continue;
      const std::string id = get_string(worker, "id");
      for (const auto& process : processes_) {
        if (id.ends_with("-" + std::to_string(process->pid()))) return process.get();
      }
    }
    return nullptr;
  }

  std::string logs() const {
    std::string all;
    for (const auto& process : processes_) all += "--- " + std::to_string(process->pid()) + "\n" + process->log();
    return all;
  }

  void expect_clean_end(const SessionClient& client, const std::string& id) {
    ASSERT_FALSE(client.wait_for_turn(id).is_null()) << logs();
    expect_one_clean_turn(client.events(id));
    EXPECT_EQ(client.file(id, "lines.txt"), numbered_lines());
    EXPECT_TRUE(client.wait_for_status(id, "ready", kSoon)) << logs();
  }

  // A turn that has got to its second command, and the process that runs it.
  std::pair<std::string, ServerProcess*> begun_turn(const SessionClient& client) {
    const std::string id = client.create("Write the lines");
    EXPECT_FALSE(client.wait_for(id, nth(2, is_type("tool_intent")), kSoon).is_null()) << logs();
    ServerProcess* runner = nullptr;
    EXPECT_TRUE(eventually([&] { return (runner = runner_of(client)) != nullptr; }, kSoon)) << client.get("/metrics") << logs();
    return {id, runner};
  }

  std::optional<testing::RedisServer> redis_;
  // The last one ends first, and deletes the sessions: an API server, while there are workers.
  struct LastFirst : std::vector<std::unique_ptr<ServerProcess>> {
    ~LastFirst() {
      while (!empty()) pop_back();
    }
  } processes_;
};

TEST_F(Cluster, ApiServersHandOnWhatIsAboutASandboxToItsWorker) {
  start("worker");
  const SessionClient one(start("api").url()), other(start("api").url());
  const std::string id = one.create("Write the lines");
  expect_clean_end(other, id);
  EXPECT_EQ(other.send("PUT", "/session/" + id + "/files/more.txt", "more").status, 201);
  EXPECT_EQ(one.file(id, "more.txt"), "\"more\"");
  EXPECT_TRUE(is_sound_zip(one.send("GET", "/download/" + id).body));
  EXPECT_THAT(dump_json(one.get("/session/" + id + "/files")), HasSubstr("lines.txt"));
  EXPECT_EQ(one.send("POST", "/session/" + id + "/desktop/control", {{"action", "take"}}).status, 200);
  EXPECT_EQ(other.get("/session/" + id + "/desktop")["agent_input"], "parked") << "there is one desktop";
  EXPECT_EQ(one.get("/health")["services"]["workers"], 1);
}

TEST_F(Cluster, WhatIsAskedForWhileNoWorkerIsUpIsDoneWhenOneIs) {
  const SessionClient client(start("api").url());
  const std::string id = client.create("Write the lines");
  ASSERT_FALSE(id.empty()) << logs();
  EXPECT_EQ(client.send("GET", "/session/" + id + "/files").status, 503);
  EXPECT_EQ(client.get("/health")["services"]["workers"], 0);
  start("worker");
  expect_clean_end(client, id);
  const SessionClient last(start("api").url());
}

TEST_F(Cluster, AKilledWorkersTurnGoesOnInAnother) {
  start("worker");
  start("worker");
  const SessionClient client(start("api").url());
  const auto [id, runner] = begun_turn(client);
  ASSERT_NE(runner, nullptr);
  runner->kill9();
  expect_clean_end(client, id);
}

TEST_F(Cluster, AWorkerThatIsToldToEndHandsItsTurnOver) {
  start("worker");
  start("worker");
  const SessionClient client(start("api").url());
  const auto [id, runner] = begun_turn(client);
  ASSERT_NE(runner, nullptr);
  const auto ended = runner->terminate(kSoon);
  ASSERT_TRUE(ended) << logs();
  EXPECT_EQ(ended->code, 0);
  expect_clean_end(client, id);
}

TEST_F(Cluster, AWorkerThatWasOnlyAsleepChangesNothing) {
  start("worker");
  start("worker");
  const SessionClient client(start("api").url());
  const auto [id, runner] = begun_turn(client);
  ASSERT_NE(runner, nullptr);
  runner->freeze();
  EXPECT_FALSE(client.wait_for_turn(id).is_null()) << logs();
  runner->thaw();
  expect_clean_end(client, id);
}

TEST_F(Cluster, ATurnWaitsForRedisAndGoesOn) {
  start("worker");
  start("worker");
  const SessionClient client(start("api").url());
  const auto [id, runner] = begun_turn(client);
  ASSERT_NE(runner, nullptr);
  redis_->end();
  std::this_thread::sleep_for(kRedisAway);
  redis_->start();
  expect_clean_end(client, id);
}

TEST_F(Cluster, ProcessesOfAnotherSecretAreKeptOut) {
  const std::string url = start("worker", "ann:a-long-random-key").url();
  const auto asked = [&](const std::string& secret) {
    const auto http = testing::value_of(net::make_http_client());
    net::HttpRequest request;
    request.url = url + "/session";
    request.headers = {{"Proxy-Authorization", "Bearer " + secret}, {"X-Ottobot-Caller", "e30"}};
    return testing::value_of(http->fetch(request, with_timeout(kSoon))).status;
  };
  EXPECT_EQ(asked("the-same-for-all-processes"), 200);
  EXPECT_EQ(asked("another-secret-than-all-others"), 401);
  EXPECT_EQ(asked(""), 401);
}

}  // namespace
}  // namespace ottobot::integration
