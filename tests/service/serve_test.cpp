#include <gtest/gtest.h>

#include <csignal>

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
  const std::pair<const char*, const char*> lacking[] = {
      {"--backend", "docker"}, {"--store", "redis"}, {"--queue", "redis"}, {"--role", "worker"}, {"--model", "gpt-5"}};
  for (const auto& [flag, value] : lacking) {
    auto result = home.run({"serve", "--port", "0", flag, value});
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->status.code, 1) << flag;
    EXPECT_NE(result->err.find("not available in this build"), std::string::npos) << flag << ": " << result->err;
  }
}

TEST(Serve, WrongUsageExitsWithTwo) {
  const ProgramHome home;
  auto result = home.run({"serve", "--no-such-flag"});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status.code, 2);
  auto version = home.run({"--version"});
  ASSERT_TRUE(version);
  EXPECT_EQ(version->out.rfind("ottobot ", 0), 0u);
}

}  // namespace
}  // namespace ottobot::testing
