// A session that writes more than it may have of the host's disk.
#include <gtest/gtest.h>

#include <filesystem>

#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"

namespace ottobot::hostile {
namespace {

using namespace std::chrono_literals;
using namespace integration;  // NOLINT(google-build-using-namespace)

constexpr std::uint64_t kLimit = 64ull << 20;

class DiskFiller : public ::testing::Test {
 protected:
  void start(const std::string& first_command, const std::string& second_command = "true") {
    server_ = std::make_unique<ServerProcess>(
        scenario({turn(1, {step("Filling", {run_command(first_command)}), step("Done")}),
                  turn(2, {step("Tidying up", {run_command(second_command)}), step("Done")})}),
        Environment{{"CONTAINER_DISK_LIMIT", "64m"}});
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_ = std::make_unique<SessionClient>(server_->url());
    id_ = client_->create("Fill it");
    end_ = client_->wait_for_turn(id_);
  }
  static std::string outcome(const Json& end) { return get_string(end.value("data", Json::object()), "outcome"); }
  std::uintmax_t size_of(const std::string& name) const {
    std::error_code missing;
    const auto size = std::filesystem::file_size(
        server_->data_dir() / integration::sandboxes_folder() / ("ob-" + id_) / "workspace" / name, missing);
    return missing ? 0 : size;
  }

  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<SessionClient> client_;
  std::string id_;
  Json end_;
};

TEST_F(DiskFiller, AFileIsRefusedBeyondTheLimit) {
  start("head -c 200M /dev/zero > big; echo exit=$?");
  EXPECT_EQ(outcome(end_), "completed") << end_ << server_->log();
  EXPECT_EQ(size_of("big"), kLimit);
  const Events results = of_type(client_->events(id_), "tool_result");
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(dump_json(results[0]).find("exit=0"), std::string::npos) << results[0];
}

TEST_F(DiskFiller, TheSandboxOfManyFilesIsStoppedAndMayTidyUpAtTheNextPrompt) {
  start("for n in $(seq 600); do head -c 1M /dev/zero > f$n; sleep 0.05; done", "rm f*; ls | wc -l");
  EXPECT_EQ(outcome(end_), "failed") << end_ << server_->log();
  const std::string told = dump_json(end_);
  EXPECT_NE(told.find("may have 64 MiB"), std::string::npos) << told;
  EXPECT_GT(size_of("f60"), 0U);
  EXPECT_EQ(size_of("f600"), 0U);
  EXPECT_EQ(get_string(client_->get("/session/" + id_), "status"), "ready");

  ASSERT_TRUE(client_->prompt(id_, "Tidy up"));
  const Json second = client_->wait_for_turn(id_, get_int(end_, "seq"));
  EXPECT_EQ(outcome(second), "completed") << second << server_->log();
  EXPECT_EQ(size_of("f60"), 0U);
}

// What goes on between two turns is watched too, and the next prompt says what has happened.
TEST_F(DiskFiller, ABackgroundProcessIsStoppedToo) {
  start("(for n in $(seq 600); do head -c 1M /dev/zero > f$n; sleep 0.05; done) >/dev/null 2>&1 &", "rm f*");
  ASSERT_EQ(outcome(end_), "completed") << end_ << server_->log();
  ASSERT_TRUE(eventually([&] { return server_->log().find("too much of the disk") != std::string::npos; }, 60s));
  EXPECT_EQ(size_of("f600"), 0U);
  ASSERT_TRUE(client_->prompt(id_, "Tidy up"));
  const Json second = client_->wait_for_turn(id_, get_int(end_, "seq"));
  EXPECT_EQ(outcome(second), "completed") << second << server_->log();
  const Events warnings = of_type(client_->events(id_, get_int(end_, "seq")), "warning");
  ASSERT_FALSE(warnings.empty());
  EXPECT_NE(dump_json(warnings[0]).find("may have 64 MiB"), std::string::npos) << warnings[0];
}

}  // namespace
}  // namespace ottobot::hostile
