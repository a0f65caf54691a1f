#include <gtest/gtest.h>

#include "api/socket_client.hpp"
#include "integration/sandbox_traces.hpp"
#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"

namespace ottobot::integration {
namespace {

constexpr std::chrono::seconds kSeconds{20};

// Leaves a process behind that no longer belongs to the command's group.
Json daemon_scenario() {
  return scenario({turn(
      1, {step("Starting", {run_command("setsid sleep 600 >/dev/null 2>&1 & echo kept > kept.txt")}), step("Done")})});
}

bool accepts(std::int64_t port) { return net::test::RawClient(static_cast<int>(port)).connected(); }

class Delete : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url());
    id_ = client_->create("Start a daemon");
    const Json end = client_->wait_for_turn(id_);
    ASSERT_EQ(get_string(end.value("data", Json()), "outcome"), "completed") << end << server_.log();
    session_ = client_->get("/session/" + id_);
  }

  // Looks at the desktop, which starts it.
  void open_desktop(const SandboxTraces& sandbox) {
    viewer_.emplace(static_cast<int>(get_int(session_, "vnc_port")), "/websockify",
                    "Sec-WebSocket-Protocol: binary\r\n");
    ASSERT_TRUE(viewer_->accepted());
    ASSERT_TRUE(eventually([&] { return !sandbox.processes_named("jwm").empty(); }, kSeconds)) << server_.log();
  }

  int remove() const { return client_->send("DELETE", "/session/" + id_).status; }

  ServerProcess server_{daemon_scenario()};
  std::optional<SessionClient> client_;
  std::string id_;
  Json session_;
  std::optional<api::test::SocketClient> viewer_;
};

TEST_F(Delete, LeavesNothingOfTheSandbox) {
  const SandboxTraces sandbox(server_.data_dir(), id_);
  const auto vnc_port = get_int(session_, "vnc_port"), mcp_port = get_int(session_, "mcp_port");
  ASSERT_TRUE(sandbox.found());
  open_desktop(sandbox);
  ASSERT_FALSE(sandbox.processes_named("sleep").empty());
  ASSERT_FALSE(sandbox.remains().empty());
  ASSERT_TRUE(accepts(vnc_port));
  ASSERT_TRUE(accepts(mcp_port));
  EXPECT_EQ(remove(), 202);
  EXPECT_TRUE(client_->wait_for_status(id_, "terminated", kSeconds)) << server_.log();
  EXPECT_TRUE(eventually([&] { return sandbox.processes().empty(); }, kSeconds));
  EXPECT_TRUE(eventually([&] { return sandbox.cgroups().empty(); }, kSeconds));
  EXPECT_TRUE(eventually([&] { return sandbox.remains().empty(); }, kSeconds));
  EXPECT_THAT(sandbox.processes(), ::testing::IsEmpty());
  EXPECT_THAT(sandbox.cgroups(), ::testing::IsEmpty());
  EXPECT_THAT(sandbox.remains(), ::testing::IsEmpty());
  EXPECT_TRUE(eventually([&] { return !accepts(vnc_port) && !accepts(mcp_port); }, kSeconds));
}

TEST_F(Delete, KeepsTheLogAndTheProject) {
  const std::size_t count = client_->events(id_).size();
  EXPECT_EQ(remove(), 202);
  ASSERT_TRUE(client_->wait_for_status(id_, "terminated", kSeconds)) << server_.log();
  EXPECT_EQ(remove(), 202);
  const auto zip = client_->send("GET", "/download/" + id_);
  EXPECT_EQ(zip.status, 200);
  EXPECT_TRUE(is_sound_zip(zip.body));
  EXPECT_EQ(zip_entry(zip.body, "kept.txt"), "kept\n");
  EXPECT_EQ(client_->send("GET", "/session/" + id_ + "/logs").status, 200);
  EXPECT_GE(client_->events(id_).size(), count);
  EXPECT_EQ(client_->send("POST", "/session/" + id_ + "/messages", {{"content", "more"}}).status, 409);
  EXPECT_EQ(get_string(client_->get("/session/" + id_), "status"), "terminated");
}

TEST_F(Delete, IsFinishedByTheNextServerWhenThisOneDies) {
  const SandboxTraces sandbox(server_.data_dir(), id_);
  ASSERT_TRUE(sandbox.found());
  EXPECT_EQ(remove(), 202);
  server_.kill9();
  ASSERT_TRUE(server_.start()) << server_.log();
  client_.emplace(server_.url());
  EXPECT_TRUE(client_->wait_for_status(id_, "terminated", std::chrono::seconds(20))) << server_.log();
  EXPECT_TRUE(eventually([&] { return sandbox.processes().empty() && sandbox.remains().empty(); }, kSeconds));
  EXPECT_EQ(zip_entry(client_->send("GET", "/download/" + id_).body, "kept.txt"), "kept\n");
}

}  // namespace
}  // namespace ottobot::integration
