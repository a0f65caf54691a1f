// The disk of the data directory runs full: what is refused, what goes on, and how it comes back by itself.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>

#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"
#include "skip.hpp"

namespace ottobot::hostile {
namespace {

namespace fs = std::filesystem;
using namespace integration;
using namespace std::chrono_literals;

constexpr std::uint64_t kMebibyte = 1 << 20;
constexpr int kSteps = 8;

// A small disk of its own for a folder.
class SmallDisk {
 public:
  explicit SmallDisk(fs::path folder) : folder_(std::move(folder)) {
    fs::create_directories(folder_);
    mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=128m,mode=700") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
    std::error_code ignored;
    fs::remove_all(folder_.parent_path(), ignored);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  // To so much free space and no more.
  void fill(std::uint64_t leave_bytes) {
    empty();
    const net::UniqueFd file(::open(filler().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const std::string block(64 << 10, 'x');
    while (fs::space(folder_).available > leave_bytes) {
      const auto room = std::min<std::uint64_t>(fs::space(folder_).available - leave_bytes, block.size());
      if (::write(file.get(), block.data(), room) <= 0) return;
    }
  }
  void empty() { ::unlink(filler().c_str()); }

 private:
  fs::path filler() const { return folder_ / "filler"; }

  const fs::path folder_;
  bool mounted_ = false;
};

Json patient_scenario() {
  std::vector<Json> turns;
  for (int prompt = 1; prompt <= 10; ++prompt) {
    std::vector<Json> steps;
    for (int n = 1; n <= kSteps; ++n) steps.push_back(step("Step " + std::to_string(n), {run_command("sleep 0.4")}));
    steps.push_back(step("Done"));
    turns.push_back(turn(prompt, steps));
  }
  return scenario(std::move(turns));
}

class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = std::make_unique<ServerProcess>(patient_scenario());
    disk_.emplace(server_->data_dir());
    if (!disk_->mounted()) OTTOBOT_SKIP_UNLESS_CI("only root may mount a disk to fill");
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_ = std::make_unique<SessionClient>(server_->url());
    id_ = client_->create("First");
    const Json end = client_->wait_for_turn(id_);
    ASSERT_EQ(outcome(end), "completed") << end << server_->log();
  }
  void TearDown() override {
    if (disk_) disk_->empty();
    server_.reset();
  }

  static std::string outcome(const Json& end) { return get_string(end.value("data", Json::object()), "outcome"); }
  std::int64_t last_seq() const { return get_int(client_->get("/session/" + id_), "last_seq"); }
  net::HttpResponse post(const std::string& content) const {
    return client_->send("POST", "/session/" + id_ + "/messages", {{"content", content}});
  }
  Json health() const { return parse_json(client_->send("GET", "/health").body).value_or(Json()); }
  bool becomes(const std::string& status) const {
    return eventually([&] { return get_string(health(), "status") == status; }, 10s);
  }

  static void expect_refusal(const net::HttpResponse& answer) {
    EXPECT_EQ(answer.status, 503) << answer.body;
    EXPECT_TRUE(answer.headers.find("Retry-After"));
    const Json body = parse_json(answer.body).value_or(Json());
    EXPECT_NE(get_string(body, "message").find("disk"), std::string::npos) << answer.body;
    EXPECT_FALSE(get_string(body, "hint").empty()) << answer.body;
  }

  std::optional<SmallDisk> disk_;  // goes after the server
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<SessionClient> client_;
  std::string id_;
};

TEST_F(FullDisk, NewWorkIsRefusedBeforeItIsFullAndWhatHasBegunEnds) {
  const std::int64_t before = last_seq();
  ASSERT_EQ(post("Second").status, 202);
  ASSERT_FALSE(client_->wait_for(id_, is_type("tool_result"), 20s, before).is_null());
  disk_->fill(16 * kMebibyte);
  expect_refusal(post("Third"));
  expect_refusal(client_->send("POST", "/session", {{"initial_prompt", "Another"}}));
  ASSERT_TRUE(becomes("degraded")) << health();
  EXPECT_NE(dump_json(health()["problems"]).find("disk"), std::string::npos) << health();
  EXPECT_EQ(client_->send("GET", "/health").status, 200);
  EXPECT_EQ(outcome(client_->wait_for_turn(id_, before)), "completed") << server_->log();
  EXPECT_EQ(client_->send("GET", "/download/" + id_).status, 200);
  EXPECT_EQ(client_->send("POST", "/session/" + id_ + "/stop").status, 202);

  disk_->empty();
  EXPECT_TRUE(becomes("healthy")) << health();
  const std::int64_t after = last_seq();
  EXPECT_EQ(post("Third").status, 202);
  EXPECT_EQ(outcome(client_->wait_for_turn(id_, after)), "completed") << server_->log();
}

TEST_F(FullDisk, ATurnThatFindsNoRoomAtAllGoesOnWhenThereIsSome) {
  const std::int64_t before = last_seq();
  ASSERT_EQ(post("Second").status, 202);
  ASSERT_EQ(post("Waits behind it").status, 202);
  ASSERT_FALSE(client_->wait_for(id_, is_type("tool_result"), 20s, before).is_null());
  disk_->fill(0);
  std::this_thread::sleep_for(5s);  // long enough for several steps, none of which finds room
  expect_refusal(post("Third"));
  ASSERT_TRUE(becomes("degraded")) << health();

  disk_->empty();
  EXPECT_TRUE(becomes("healthy")) << health();
  const Json last = client_->wait_for(id_, nth(2, is_type("turn_finished")), 60s, before);
  EXPECT_EQ(outcome(last), "completed") << last << server_->log();
  std::int64_t seq = 0;
  const Events events = client_->events(id_);
  for (const Json& event : events) EXPECT_EQ(get_int(event, "seq"), ++seq) << event;
  EXPECT_EQ(of_type(events, "user_prompt").size(), 3U);
  EXPECT_EQ(of_type(events, "tool_result").size(), 3U * kSteps);
  for (const Json& result : of_type(events, "tool_result")) {
    EXPECT_EQ(get_string(result["data"], "outcome"), "ok") << result;
  }
}

TEST_F(FullDisk, AServerThatIsKilledThereStartsAgainWithAllThatItAcknowledged) {
  const std::int64_t before = last_seq();
  ASSERT_EQ(post("Second").status, 202);
  ASSERT_FALSE(client_->wait_for(id_, is_type("tool_result"), 20s, before).is_null());
  disk_->fill(0);
  server_->kill9();
  const auto refused = server_->start();
  if (!refused) {
    EXPECT_NE(refused.error().message.find("space"), std::string::npos) << refused.error().to_string();
    disk_->empty();
    ASSERT_TRUE(server_->start()) << server_->log();
  }
  client_ = std::make_unique<SessionClient>(server_->url());
  disk_->empty();
  EXPECT_EQ(outcome(client_->wait_for_turn(id_, before)), "completed") << server_->log();
  EXPECT_TRUE(becomes("healthy")) << health();
}

}  // namespace
}  // namespace ottobot::hostile
