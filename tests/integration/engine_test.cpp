// What a whole server does with containers and no other sandbox has: what the engine is asked for and is left with,
// what a container of the lean image costs, and many of them at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <thread>

#include "integration/rfb_viewer.hpp"
#include "integration/sandbox_traces.hpp"
#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"
#include "ottobot/container_backend.hpp"

namespace ottobot::integration {
namespace {

namespace fs = std::filesystem;
using containers::engine_json;
using containers::engine_traces;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::chrono::seconds kSoon{20};
constexpr std::chrono::minutes kForMany{3};
constexpr int kMany = 30;
constexpr const char* kModelKey = "a-key-that-no-container-may-know";

Json one_command() {
  return scenario({turn(1, {step("Writing", {run_command("echo here > here.txt")}), step("Written")})});
}

class Engine : public ::testing::Test {
 protected:
  explicit Engine(Environment more = {}) : server_(one_command(), settings(std::move(more))) {}

  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(start());
    engine_ = containers::make_engine_client(*containers::engine_options(*test_engine()));
    ASSERT_TRUE(engine_);
  }

  void start() {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url());
  }

  std::string session_after_its_turn() {
    const std::string id = client_->create("Write");
    const Json end = client_->wait_for_turn(id);
    EXPECT_EQ(get_string(end.value("data", Json()), "outcome"), "completed") << end << server_.log();
    return id;
  }

  // The containers of this server, as the engine lists them.
  std::vector<Json> listed() const {
    std::vector<Json> ours;
    for (const Json& container : engine_json(*engine_, "/containers/json?all=true")) {
      if (get_string(container["Labels"], labels::kInstance) == instance_) ours.push_back(container);
    }
    return ours;
  }

  Json inspect(const std::string& session) {
    instance_ = SandboxTraces(server_.data_dir(), session).instance();
    return engine_json(*engine_, "/containers/ottobot." + instance_ + ".ob-" + session + "/json");
  }

  static Environment settings(Environment more) {
    more.insert({"GEMINI_API_KEY", kModelKey});
    return more;
  }

  ServerProcess server_;
  std::optional<SessionClient> client_;
  std::unique_ptr<containers::EngineClient> engine_;
  std::string instance_;
};

// What its processes need of the machine's memory, which cannot be dropped: anonymous pages and what is in tmpfs.
std::uint64_t used_memory(const SandboxTraces& sandbox) {
  for (const std::string& folder : sandbox.cgroups()) {
    std::ifstream file(folder + "/memory.stat");
    std::map<std::string, std::uint64_t> values;
    std::string name;
    for (std::uint64_t value = 0; file >> name >> value;) values[name] = value;
    if (values.empty()) continue;
    if (values.count("anon") > 0) return values["anon"] + values["shmem"];
    return values["total_rss"] + values["total_shmem"];  // control groups of version 1
  }
  ADD_FAILURE() << "the sandbox has no control group with a memory.stat";
  return 0;
}

std::string status_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  return {std::istreambuf_iterator<char>(file), {}};
}

double mib(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

TEST_F(Engine, GivesTheContainerEveryLimitNoPowerAndNoneOfOurKeys) {
  const std::string id = session_after_its_turn();
  const Json box = inspect(id);
  const Json& host = box["HostConfig"];
  EXPECT_THAT(get_string(box["Config"], "Image"), ::testing::EndsWith(containers::kLeanImage));
  EXPECT_EQ(host["ReadonlyRootfs"], true);
  EXPECT_EQ(host["Privileged"], false);
  for (const char* limit : {"Memory", "PidsLimit", "ShmSize"}) EXPECT_GT(get_int(host, limit), 0) << limit;
  EXPECT_EQ(get_int(host, "MemorySwap"), get_int(host, "Memory"));
  EXPECT_GT(get_int(host, "NanoCpus") + get_int(host, "CpuQuota"), 0);
  EXPECT_THAT(dump_json(box["Mounts"]), Not(HasSubstr("docker.sock")));
  EXPECT_THAT(dump_json(box["Mounts"]), Not(HasSubstr("podman.sock")));
  EXPECT_THAT(dump_json(box), Not(HasSubstr(kModelKey)));
  const std::string status = status_of(SandboxTraces(server_.data_dir(), id).daemon());
  for (const char* line : {"Uid:\t1000\t1000\t1000\t1000\n", "CapPrm:\t0000000000000000\n",
                           "CapBnd:\t0000000000000000\n", "NoNewPrivs:\t1\n", "Seccomp:\t2\n"}) {
    EXPECT_THAT(status, HasSubstr(line));
  }
}

TEST_F(Engine, ADesktopIsSeenThroughTheGatewayAndCostsLittleMemory) {
  const std::string id = session_after_its_turn();
  const SandboxTraces sandbox(server_.data_dir(), id);
  ASSERT_TRUE(sandbox.processes_named("Xvnc").empty());
  const std::uint64_t alone = used_memory(sandbox);
  RfbViewer viewer(server_.port(), "/session/" + id + "/vnc/websockify", true);
  ASSERT_TRUE(viewer.ready()) << server_.log();
  ASSERT_TRUE(eventually(
      [&] { return !sandbox.processes_named("jwm").empty() && !sandbox.processes_named("xterm").empty(); }, kSoon));
  ASSERT_TRUE(viewer.sync());
  const std::uint64_t watched = used_memory(sandbox);
  std::cout << "anonymous and shared memory of a lean sandbox: " << mib(alone) << " MiB, with its desktop "
            << mib(watched) << " MiB" << std::endl;
  EXPECT_LE(alone, 12u << 20);
  EXPECT_LE(watched, 40u << 20);
  EXPECT_GT(watched, alone);
}

TEST_F(Engine, AnImageThatIsNotThereIsNamedAndOtherSessionsGoOn) {
  const Json wanted{{"initial_prompt", "Write"}, {"image", "ottobot-no-such-image:1"}};
  const auto answer = client_->send("POST", "/session", wanted);
  ASSERT_EQ(answer.status, 201) << answer.body;
  const std::string id = get_string(parse_json(answer.body).value_or(Json()), "session_id");
  const auto begin = std::chrono::steady_clock::now();
  const Json end = client_->wait_for_turn(id);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_EQ(get_string(end.value("data", Json()), "outcome"), "failed") << end;
  EXPECT_THAT(dump_json(end), HasSubstr("ottobot-no-such-image:1"));
  EXPECT_THAT(dump_json(client_->events(id)), HasSubstr("docker pull"));
  EXPECT_EQ(client_->file(session_after_its_turn(), "here.txt"), "here\n");
}

// Each is ready or told to come back later; killed and started again, the server removes all that it had made.
TEST_F(Engine, ThirtySessionsAtOnceAreReadyOrRefusedAndLeaveNothing) {
  std::vector<std::string> ids(kMany);
  {
    std::vector<std::jthread> users;
    for (std::string& id : ids) {
      users.emplace_back([&, url = server_.url()] {
        const auto answer = SessionClient(url).send("POST", "/session", {{"initial_prompt", "Write"}});
        if (answer.status == 201) id = get_string(parse_json(answer.body).value_or(Json()), "session_id");
        if (answer.status == 201) return;
        EXPECT_EQ(answer.status, 503) << answer.body;
        EXPECT_TRUE(answer.headers.find("Retry-After"));
      });
    }
  }
  std::erase(ids, "");
  ASSERT_FALSE(ids.empty());
  const auto is_ready = [&](const std::string& id) { return client_->wait_for_status(id, "ready", kForMany); };
  for (const std::string& id : ids) ASSERT_TRUE(is_ready(id)) << client_->get("/session/" + id) << server_.log();
  for (const std::string& id : ids) EXPECT_EQ(client_->file(id, "here.txt"), "here\n");
  (void)inspect(ids.front());
  EXPECT_EQ(listed().size(), ids.size());
  server_.kill9();
  ASSERT_NO_FATAL_FAILURE(start());
  for (const std::string& id : ids) EXPECT_EQ(client_->send("DELETE", "/session/" + id).status, 202);
  for (const std::string& id : ids) EXPECT_TRUE(client_->wait_for_status(id, "terminated", kForMany));
  EXPECT_TRUE(eventually([&] { return engine_traces(*engine_, instance_).empty(); }, kSoon));
  EXPECT_THAT(engine_traces(*engine_, instance_), IsEmpty());
}

// A server that keeps one spare container ready.
class SpareContainer : public Engine {
 protected:
  SpareContainer() : Engine({{"WARM_POOL_SIZE", "1"}}) {}

  // The id that a session will have whose sandbox is the only one.
  std::string spare() const {
    const fs::path folder = fs::directory_iterator(server_.data_dir() / sandboxes_folder())->path();
    return folder.filename().string().substr(3);
  }
  std::int64_t spares() const {
    return get_int(client_->get("/metrics")["worker_status"].at(0), "spare_sandboxes", -1);
  }
};

TEST_F(SpareContainer, IsPausedUntilASessionTakesItAndIsGoneWithTheServer) {
  ASSERT_TRUE(eventually([&] { return spares() == 1; }, kSoon)) << server_.log();
  const std::string expected = spare();
  EXPECT_EQ(get_string(inspect(expected)["State"], "Status"), "paused");
  const std::string id = session_after_its_turn();
  EXPECT_EQ(id, expected);
  EXPECT_EQ(client_->send("DELETE", "/session/" + id).status, 202);
  ASSERT_TRUE(client_->wait_for_status(id, "terminated", kSoon));
  ASSERT_TRUE(eventually([&] { return spares() == 1; }, kSoon)) << server_.log();
  ASSERT_TRUE(server_.terminate(kSoon));
  EXPECT_THAT(engine_traces(*engine_, instance_), IsEmpty());
}

}  // namespace
}  // namespace ottobot::integration
