#include <gtest/gtest.h>

#include "integration/sandbox_traces.hpp"
#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"

namespace ottobot::integration {
namespace {

constexpr std::chrono::seconds kSoon{20};
constexpr std::chrono::seconds kStopped{2};

Json sleeping_scenario() {
  return scenario({turn(1, {step("Sleeping", {run_command("sleep 60 & sleep 60")}), step("never said")}),
                   turn(2, {step("Next", {run_command("echo next > next.txt")}), step("Done")})});
}

TEST(Stop, EndsTheRunningCommandAndLeavesTheSessionReady) {
  ServerProcess server(sleeping_scenario());
  const auto started = server.start();
  ASSERT_TRUE(started) << started.error().to_string();
  const SessionClient client(server.url());
  const std::string id = client.create("Sleep");
  ASSERT_FALSE(client.wait_for(id, is_type("tool_intent"), kSoon).is_null()) << server.log();
  const SandboxTraces sandbox(server.data_dir(), id);
  ASSERT_TRUE(eventually([&] { return sandbox.processes_named("sleep").size() == 2; }, kSoon));

  EXPECT_EQ(client.send("POST", "/session/" + id + "/stop").status, 202);
  const Json end = client.wait_for(id, is_type("turn_finished"), kStopped);
  ASSERT_FALSE(end.is_null()) << server.log();
  EXPECT_EQ(get_string(end["data"], "outcome"), "stopped") << end;
  EXPECT_TRUE(eventually([&] { return sandbox.processes_named("sleep").empty(); }, kStopped));
  EXPECT_TRUE(client.wait_for_status(id, "ready", kStopped));

  ASSERT_TRUE(client.prompt(id, "And now?"));
  const Json next = client.wait_for_turn(id, get_int(end, "seq"));
  EXPECT_EQ(get_string(next.value("data", Json()), "outcome"), "completed") << next << server.log();
  EXPECT_EQ(client.file(id, "next.txt"), "next\n");
}

TEST(Stop, WithNothingRunningIsHarmless) {
  ServerProcess server(sleeping_scenario());
  ASSERT_TRUE(server.start()) << server.log();
  const SessionClient client(server.url());
  const std::string id = client.create("Sleep");
  ASSERT_FALSE(client.wait_for(id, is_type("tool_intent"), kSoon).is_null()) << server.log();
  EXPECT_EQ(client.send("POST", "/session/" + id + "/stop").status, 202);
  const Json end = client.wait_for_turn(id);
  ASSERT_FALSE(end.is_null()) << server.log();
  EXPECT_EQ(client.send("POST", "/session/" + id + "/stop").status, 202);
  ASSERT_TRUE(client.prompt(id, "And now?"));
  const Json next = client.wait_for_turn(id, get_int(end, "seq"));
  EXPECT_EQ(get_string(next.value("data", Json()), "outcome"), "completed") << next << server.log();
}

}  // namespace
}  // namespace ottobot::integration
