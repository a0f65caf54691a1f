#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "net/client/http_client.hpp"
#include "ottobot/json.hpp"
#include "program.hpp"

namespace ottobot::testing {
namespace {

constexpr std::chrono::seconds kSoon{20};

TEST(Serve, SaysWhereItListensAndDrainsOnSigterm) {
  const ProgramHome home;
  auto server = RunningProgram::serve(home, {"--port", "0"});
  ASSERT_TRUE(server) << server.error().to_string();
  EXPECT_EQ((*server)->line().rfind("ottobot listening on http://127.0.0.1:", 0), 0u) << (*server)->line();
  auto client = net::make_http_client();
  ASSERT_TRUE(client);
  net::HttpRequest request;
  request.url = (*server)->url() + "/health";
  auto health = (*client)->fetch(request, with_timeout(kSoon));
  ASSERT_TRUE(health) << health.error().to_string();
  EXPECT_EQ(health->status, 200);
  (*server)->signal(SIGTERM);
  auto status = (*server)->wait(kSoon);
  ASSERT_TRUE(status) << status.error().to_string();
  EXPECT_EQ(status->code, 0);
}

TEST(Serve, ASecondServerOnTheDataDirectoryIsToldWhy) {
  const ProgramHome home;
  auto server = RunningProgram::serve(home, {"--port", "0"});
  ASSERT_TRUE(server) << server.error().to_string();
  auto second = home.run({"serve", "--port", "0"});
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_EQ(second->status.code, 1);
  EXPECT_EQ(second->out, "");
  EXPECT_NE(second->err.find((home.dir() / "data").string()), std::string::npos) << second->err;
}

TEST(Serve, ATakenPortIsNamed) {
  const ProgramHome home, other;
  auto server = RunningProgram::serve(home, {"--port", "0"});
  ASSERT_TRUE(server) << server.error().to_string();
  const auto port = (*server)->url().substr((*server)->url().rfind(':') + 1);
  auto second = other.run({"serve", "--port", port});
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_EQ(second->status.code, 1);
  EXPECT_NE(second->err.find(port), std::string::npos) << second->err;
  EXPECT_NE(second->err.find("hint:"), std::string::npos) << second->err;
}

TEST(Serve, AUserNamesNoScenarioFileButTheOperators) {
  const ProgramHome home;
  for (const char* name : {"mine.json", "other.json"}) std::ofstream(home.dir() / name) << R"({"turns":[]})";
  const std::string mine = "scripted:" + (home.dir() / "mine.json").string();
  auto server = RunningProgram::serve(home, {"--port", "0", "--model", mine});
  ASSERT_TRUE(server) << server.error().to_string();
  auto client = net::make_http_client();
  ASSERT_TRUE(client);
  const auto create = [&](const std::string& model) {
    net::HttpRequest request;
    request.method = "POST";
    request.url = (*server)->url() + "/session";
    request.body = dump_json({{"initial_prompt", "x"}, {"model", model}});
    return (*client)->fetch(request, with_timeout(kSoon)).value_or(net::HttpResponse{});
  };
  for (const std::string& model : {"scripted:" + (home.dir() / "other.json").string(),
                                   std::string("scripted:/etc/hostname"), std::string("scripted:/nowhere")}) {
    const auto refused = create(model);
    EXPECT_EQ(refused.status, 400) << model;
    EXPECT_NE(refused.body.find("\"field\":\"model\""), std::string::npos) << refused.body;
  }
  for (const std::string& model : {mine, std::string("scripted:demo")}) {
    const auto made = create(model);
    EXPECT_EQ(made.status, 201) << model << made.body;
    const auto body = parse_json(made.body);
    net::HttpRequest remove;
    remove.method = "DELETE";
    remove.url = (*server)->url() + "/session/" + get_string(body.value_or(Json()), "session_id");
    EXPECT_EQ((*client)->fetch(remove, with_timeout(kSoon)).value_or(net::HttpResponse{}).status, 202);
  }
}

TEST(Serve, WithoutAStoreOnDiskLeavesNoFolder) {
  const ProgramHome home;
  auto server = RunningProgram::serve(home, {"--port", "0", "--store", "memory"});
  ASSERT_TRUE(server) << server.error().to_string();
  EXPECT_FALSE(std::filesystem::is_empty(home.dir() / "data/runs"));
  (*server)->signal(SIGINT);
  ASSERT_TRUE((*server)->wait(kSoon));
  EXPECT_TRUE(std::filesystem::is_empty(home.dir() / "data/runs"));
}

TEST(Serve, WhatThisBuildLacksIsAClearError) {
  const ProgramHome home;
  const std::pair<const char*, const char*> lacking[] = {{"--backend", "kubernetes"},
                                                         {"--model", "gpt-5"}};
  for (const auto& [flag, value] : lacking) {
    auto result = home.run({"serve", "--port", "0", flag, value});
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->status.code, 1) << flag;
    EXPECT_NE(result->err.find("not available in this build"), std::string::npos) << flag << ": " << result->err;
  }
}

TEST(Serve, ApartFromEachOtherTheRolesNeedAStoreAndASecretThatTheyShare) {
  const ProgramHome home;
  for (const char* role : {"api", "worker"}) {
    auto result = home.run({"serve", "--port", "0", "--role", role});
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->status.code, 1);
    EXPECT_NE(result->err.find("--store redis"), std::string::npos) << result->err;
    result = home.run({"serve", "--port", "0", "--role", role, "--store", "redis"});
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->status.code, 1);
    EXPECT_NE(result->err.find("OTTOBOT_CLUSTER_SECRET"), std::string::npos) << result->err;
  }
}

TEST(Serve, AWorkerWithACertificateIsToldThatNobodyReachesIt) {
  const ProgramHome home;
  const auto result = home.run({"serve", "--role", "worker", "--store", "redis", "--tls-cert", "c", "--tls-key", "k"});
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->status.code, 1);
  EXPECT_NE(result->err.find("plain http"), std::string::npos) << result->err;
}

TEST(Serve, BeyondLoopbackAsksForTheKeyThatItMade) {
  const ProgramHome home;
  auto server = RunningProgram::serve(home, {"--port", "0", "--host", "0.0.0.0"});
  ASSERT_TRUE(server) << server.error().to_string();
  auto client = net::make_http_client();
  ASSERT_TRUE(client);
  net::HttpRequest request;
  request.url = "http://127.0.0.1:" + (*server)->url().substr((*server)->url().rfind(':') + 1) + "/session";
  EXPECT_EQ((*client)->fetch(request, with_timeout(kSoon)).value_or(net::HttpResponse{}).status, 401);
  std::string key;
  std::getline(std::ifstream(home.dir() / "data/api_keys"), key);
  ASSERT_EQ(key.rfind("admin:", 0), 0u) << key;
  request.headers.set("Authorization", "Bearer " + key.substr(6));
  EXPECT_EQ((*client)->fetch(request, with_timeout(kSoon)).value_or(net::HttpResponse{}).status, 200);
}

TEST(Serve, WrongUsageExitsWithTwo) {
  const ProgramHome home;
  auto result = home.run({"serve", "--no-such-flag"});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status.code, 2);
  result = home.run({"serve", "--prot", "8000"});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status.code, 2);
  EXPECT_NE(result->err.find("did you mean --port?"), std::string::npos) << result->err;
  auto version = home.run({"--version"});
  ASSERT_TRUE(version);
  EXPECT_EQ(version->out.rfind("ottobot ", 0), 0u);
}

}  // namespace
}  // namespace ottobot::testing
