// `kill -9` of the server at random instants of what sessions are besides their turns: they start, are deleted, expire.
#include <gtest/gtest.h>

#include <optional>

#include "api/socket_client.hpp"
#include "crash/chance.hpp"
#include "integration/numbered_lines.hpp"
#include "integration/sandbox_traces.hpp"
#include "integration/server_process.hpp"

namespace ottobot::crash {
namespace {

using namespace integration;
using ::testing::IsEmpty;

constexpr std::chrono::seconds kSoon{30};
constexpr std::chrono::milliseconds kStarting{150};
constexpr std::chrono::milliseconds kEnding{250};

Json one_file_scenario() {
  return scenario({turn(1, {step("Writing", {run_command("echo kept >> kept.txt")}), step("Written")}),
                   turn(2, {step("Looking", {run_command("cat kept.txt > seen.txt")}), step("Looked")})});
}

bool accepts(std::int64_t port) { return port > 0 && net::test::RawClient(static_cast<int>(port)).connected(); }

class LifeKills : public ::testing::Test {
 protected:
  explicit LifeKills(const Environment& settings = {}) : server_(one_file_scenario(), settings) {}

  void SetUp() override { ASSERT_NO_FATAL_FAILURE(start()); }

  void start() {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url());
  }

  void kill_within(std::chrono::milliseconds most) {
    std::this_thread::sleep_for(chance_.moment(most));
    server_.kill9();
    ASSERT_NO_FATAL_FAILURE(start());
  }

  // Of a session whose start the kill may have hit.
  std::string create() {
    const std::string id = client_->create("Write");
    EXPECT_FALSE(id.empty()) << server_.log();
    return id;
  }

  void expect_turn(const std::string& id, std::int64_t after = 0) {
    const Json end = client_->wait_for_turn(id, after);
    ASSERT_FALSE(end.is_null()) << server_.log();
    EXPECT_EQ(get_string(end["data"], "outcome"), "completed") << end;
    EXPECT_EQ(client_->file(id, "kept.txt"), "kept\n");
    EXPECT_EQ(of_type(client_->events(id, after), "tool_result").size(), 1u);
  }

  void remove(const std::string& id) {
    EXPECT_EQ(client_->send("DELETE", "/session/" + id).status, 202) << server_.log();
  }

  void expect_nothing_runs(const std::string& id, const SandboxTraces& sandbox, const Json& ports) {
    // Whose parent was the killed server, the host's process 1 reaps in its own time.
    EXPECT_TRUE(eventually([&] { return sandbox.processes().empty(); }, kSoon));
    EXPECT_THAT(sandbox.processes(), IsEmpty());
    EXPECT_THAT(sandbox.cgroups(), IsEmpty());
    for (const char* port : {"vnc_port", "mcp_port"}) {
      EXPECT_TRUE(eventually([&] { return !accepts(get_int(ports, port)); }, kSoon)) << port;
      EXPECT_FALSE(session(id).contains(port));
    }
  }

  // Ended by itself, whatever was killed: nothing is left but its log.
  void expect_gone(const std::string& id, const SandboxTraces& sandbox, const Json& ports) {
    ASSERT_TRUE(client_->wait_for_status(id, "terminated", kSoon)) << server_.log();
    EXPECT_TRUE(eventually([&] { return sandbox.remains().empty(); }, kSoon));
    EXPECT_THAT(sandbox.remains(), IsEmpty());
    expect_nothing_runs(id, sandbox, ports);
    const Events events = client_->events(id);
    std::int64_t last = 0;
    for (const Json& event : events) EXPECT_EQ(get_int(event, "seq"), ++last);
    EXPECT_EQ(of_type(events, "user_prompt").size(), 1u);
    EXPECT_EQ(client_->send("GET", "/session/" + id + "/logs").status, 200);
  }

  void expect_archive(const std::string& id) {
    EXPECT_EQ(zip_entry(client_->send("GET", "/download/" + id).body, "kept.txt"), "kept\n");
  }

  Json session(const std::string& id) const { return client_->get("/session/" + id); }

  Chance chance_;
  const int rounds_ = (instants() + 2) / 3;
  ServerProcess server_;
  std::optional<SessionClient> client_;
};

TEST_F(LifeKills, ASessionThatStartsStartsAllTheSame) {
  SCOPED_TRACE(chance_.describe());
  for (int round = 1; round <= rounds_; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const std::string id = create();
    ASSERT_NO_FATAL_FAILURE(kill_within(kStarting));
    ASSERT_NO_FATAL_FAILURE(expect_turn(id));
    EXPECT_TRUE(client_->wait_for_status(id, "ready", kSoon)) << server_.log();
    const Json ports = session(id);
    EXPECT_TRUE(accepts(get_int(ports, "vnc_port"))) << ports;
    EXPECT_TRUE(accepts(get_int(ports, "mcp_port"))) << ports;
    const SandboxTraces sandbox(server_.data_dir(), id);
    EXPECT_TRUE(sandbox.found());
    remove(id);
    expect_gone(id, sandbox, ports);
  }
}

TEST_F(LifeKills, ASessionThatIsDeletedIsGoneAllTheSame) {
  SCOPED_TRACE(chance_.describe());
  for (int round = 1; round <= rounds_; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const std::string id = create();
    ASSERT_NO_FATAL_FAILURE(expect_turn(id));
    const SandboxTraces sandbox(server_.data_dir(), id);
    const Json ports = session(id);
    ASSERT_TRUE(sandbox.found());
    remove(id);
    ASSERT_NO_FATAL_FAILURE(kill_within(kEnding));
    ASSERT_NO_FATAL_FAILURE(expect_gone(id, sandbox, ports));
    expect_archive(id);
  }
}

TEST_F(LifeKills, ASessionThatIsDeletedWhileItStartsIsGoneAllTheSame) {
  SCOPED_TRACE(chance_.describe());
  for (int round = 1; round <= rounds_; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const std::string id = create();
    std::this_thread::sleep_for(chance_.moment(kStarting));
    remove(id);
    const Json ports = session(id);
    ASSERT_NO_FATAL_FAILURE(kill_within(kEnding));
    ASSERT_NO_FATAL_FAILURE(expect_gone(id, SandboxTraces(server_.data_dir(), id), ports));
  }
}

class ExpiryKills : public LifeKills {
 protected:
  ExpiryKills() : LifeKills({{"SESSION_TIMEOUT", "1"}}) {}
};

TEST_F(ExpiryKills, ASessionThatExpiresIsGoneAndComesBackWithItsFiles) {
  SCOPED_TRACE(chance_.describe());
  for (int round = 1; round <= rounds_; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const std::string id = create();
    ASSERT_FALSE(client_->wait_for_turn(id).is_null()) << server_.log();
    const SandboxTraces sandbox(server_.data_dir(), id);
    const Json ports = session(id);
    const auto expires = [](const Json& event) { return get_string(event["data"], "phase") == "expired"; };
    const Json expired = client_->wait_for(id, expires, kSoon);
    ASSERT_FALSE(expired.is_null()) << server_.log();
    ASSERT_NO_FATAL_FAILURE(kill_within(kEnding));
    ASSERT_TRUE(client_->wait_for_status(id, "terminated", kSoon)) << server_.log();
    EXPECT_EQ(get_string(session(id), "phase"), "expired");
    expect_nothing_runs(id, sandbox, ports);
    expect_archive(id);
    ASSERT_TRUE(client_->prompt(id, "Look"));
    const Json end = client_->wait_for_turn(id, get_int(expired, "seq"));
    ASSERT_FALSE(end.is_null()) << server_.log();
    EXPECT_EQ(get_string(end["data"], "outcome"), "completed") << end;
    EXPECT_EQ(zip_entry(client_->send("GET", "/download/" + id).body, "seen.txt"), "kept\n");
    remove(id);
  }
}

}  // namespace
}  // namespace ottobot::crash
