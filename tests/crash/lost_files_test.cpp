// A sandbox that is lost together with its files, as with a host or a container engine: it is made anew from the
// snapshot after the last turn.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <optional>

#include "integration/numbered_lines.hpp"
#include "integration/sandbox_traces.hpp"
#include "integration/server_process.hpp"

namespace ottobot::crash {
namespace {

using namespace integration;
namespace fs = std::filesystem;

constexpr std::chrono::seconds kSoon{30};
constexpr int kBusyMs = 5000;

Json scenario_of_two_turns() {
  return scenario({turn(1, {step("Writing", {run_command("mkdir -p src; echo one > src/kept.txt; chmod 750 src")}),
                            step("Written")}),
                   turn(2, {step("Adding", {run_command("echo two >> src/kept.txt; stat -c %a src >> src/kept.txt")}),
                            step("Added")})});
}

class LostFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(start());
    id_ = client_->create("Write");
    ASSERT_FALSE(client_->wait_for_turn(id_).is_null()) << server_.log();
    ASSERT_TRUE(eventually([&] { return has_snapshot(); }, kSoon));
    const SandboxTraces sandbox(server_.data_dir(), id_);
    ASSERT_GT(sandbox.daemon(), 1);
    server_.kill9();
    ASSERT_EQ(::kill(sandbox.daemon(), SIGKILL), 0);
    ASSERT_TRUE(eventually([&] { return sandbox.processes_named("ottobot-sandboxd").empty(); }, kSoon));
  }

  void start() {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url());
  }

  // Its file alone is not enough: the session has to know of it.
  bool has_snapshot() const {
    SQLite::Database database((server_.data_dir() / "ottobot.db").string(), SQLite::OPEN_READONLY, kBusyMs);
    SQLite::Statement kept(database, "SELECT count(*) FROM projections WHERE snapshot_blob != ''");
    return kept.executeStep() && kept.getColumn(0).getInt() == 1;
  }

  fs::path folder() const { return server_.data_dir() / sandboxes_folder() / ("ob-" + id_); }

  // Once before anything is started again, and after the next turn.
  void expect_files_of_both_turns() {
    ASSERT_NO_FATAL_FAILURE(start());
    EXPECT_EQ(client_->file(id_, "src/kept.txt"), "one\n") << "not to be had while no sandbox runs";
    const std::int64_t before = get_int(client_->get("/session/" + id_), "last_seq");
    ASSERT_TRUE(client_->prompt(id_, "Go on")) << server_.log();
    const Json end = client_->wait_for_turn(id_, before);
    ASSERT_FALSE(end.is_null()) << server_.log();
    EXPECT_EQ(get_string(end["data"], "outcome"), "completed") << end;
    EXPECT_EQ(client_->file(id_, "src/kept.txt"), "one\ntwo\n750\n");
  }

  ServerProcess server_{scenario_of_two_turns()};
  std::optional<SessionClient> client_;
  std::string id_;
};

TEST_F(LostFiles, OfADeadSandboxComeBack) {
  ASSERT_GT(fs::remove_all(folder() / "workspace"), 0u);
  expect_files_of_both_turns();
}

TEST_F(LostFiles, ComeBackWithASandboxOfWhichNothingIsLeft) {
  ASSERT_GT(fs::remove_all(folder()), 0u);
  expect_files_of_both_turns();
}

}  // namespace
}  // namespace ottobot::crash
