// What time does to sessions: idle ones expire and come back with their files, ended ones go for good.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/socket_client.hpp"
#include "integration/sandbox_traces.hpp"
#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"

namespace ottobot::integration {
namespace {

using ::testing::IsEmpty;
namespace fs = std::filesystem;

constexpr std::chrono::seconds kSoon{20};

// The second turn lists what the first one made.
Json keeping_scenario() {
  const std::string make =
      "mkdir -p src empty/inside && printf '#!/bin/sh\\necho it runs\\n' > src/run.sh && chmod 750 src/run.sh && "
      "ln -s src/run.sh link && ln -s /etc/hostname out && head -c 300000 /dev/urandom > big.bin && "
      "sha256sum big.bin > sum.txt && chmod 700 empty";
  const std::string look =
      "sha256sum -c sum.txt && ./link && stat -c '%n %F %a' src/run.sh link out empty empty/inside > look.txt";
  return scenario({turn(1, {step("Making", {run_command(make)}), step("Made")}),
                   turn(2, {step("Looking", {run_command(look)}), step("Looked")})});
}

constexpr const char* kLook =
    "src/run.sh regular file 750\n"
    "link symbolic link 777\n"
    "out symbolic link 777\n"
    "empty directory 700\n"
    "empty/inside directory 755\n";

bool accepts(std::int64_t port) { return net::test::RawClient(static_cast<int>(port)).connected(); }

class Expiry : public ::testing::Test {
 protected:
  explicit Expiry(const Environment& settings = {{"SESSION_TIMEOUT", "2"}}) : server_(keeping_scenario(), settings) {}

  void SetUp() override {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url());
    id_ = client_->create("Make files");
    ASSERT_FALSE(id_.empty()) << server_.log();
    ASSERT_FALSE(client_->wait_for_turn(id_).is_null()) << server_.log();
  }

  Json session() const { return client_->get("/session/" + id_); }
  fs::path sandbox_folder() const { return server_.data_dir() / sandboxes_folder() / ("ob-" + id_); }

  void await_expiry() {
    ASSERT_TRUE(client_->wait_for_status(id_, "terminated", kSoon)) << server_.log();
    EXPECT_EQ(get_string(session(), "phase"), "expired");
  }

  void expect_files_after(std::int64_t seq) {
    const Json end = client_->wait_for_turn(id_, seq);
    ASSERT_FALSE(end.is_null()) << server_.log();
    EXPECT_EQ(get_string(end["data"], "outcome"), "completed") << end;
    for (const Json& result : of_type(client_->events(id_, seq), "tool_result")) {
      EXPECT_EQ(get_int(result["data"], "exit_code", -1), 0) << result;
    }
    EXPECT_EQ(client_->file(id_, "look.txt"), kLook);
  }

  ServerProcess server_;
  std::optional<SessionClient> client_;
  std::string id_;
};

TEST_F(Expiry, AnIdleSessionFreesAllItHasAndAChatPromptBringsItBack) {
  const Json before = session();
  const SandboxTraces sandbox(server_.data_dir(), id_);
  api::test::SocketClient chat(server_.port(), "/session/" + id_ + "/chat?after=" + dump_json(before["last_seq"]));
  ASSERT_TRUE(chat.accepted());
  await_expiry();
  EXPECT_TRUE(eventually([&] { return sandbox.processes().empty(); }, kSoon)) << "the last ones are being reaped";
  EXPECT_THAT(sandbox.cgroups(), IsEmpty());
  EXPECT_FALSE(accepts(get_int(before, "vnc_port")));
  EXPECT_FALSE(accepts(get_int(before, "mcp_port")));
  EXPECT_FALSE(session().contains("vnc_port"));
  EXPECT_EQ(zip_entry(client_->send("GET", "/download/" + id_).body, "src/run.sh"), "#!/bin/sh\necho it runs\n");

  const auto last_seq = get_int(session(), "last_seq");
  chat.send_json({{"type", "user_prompt"}, {"content", "Look"}});
  expect_files_after(last_seq);
  const Json after = session();
  EXPECT_GT(get_string(after, "expires_at"), get_string(before, "expires_at"));
  EXPECT_EQ(client_->fetch(get_string(after, "vnc_url")).status, 200) << after;
  std::string end;
  while (end != "Turn completed") {
    const Json frame = chat.next_json();
    ASSERT_FALSE(frame.is_null()) << "the chat of an expired session stays open";
    end = get_string(frame, "content");
  }
}

TEST_F(Expiry, FilesComeBackFromTheArchiveWhenTheSandboxIsGone) {
  await_expiry();
  fs::remove_all(sandbox_folder());
  const auto last_seq = get_int(session(), "last_seq");
  ASSERT_TRUE(client_->prompt(id_, "Look"));
  expect_files_after(last_seq);
}

TEST_F(Expiry, FilesComeBackFromTheArchiveWhenTheWorkspaceIsEmpty) {
  await_expiry();
  fs::remove_all(sandbox_folder() / "workspace");
  const auto last_seq = get_int(session(), "last_seq");
  ASSERT_TRUE(client_->prompt(id_, "Look"));
  expect_files_after(last_seq);
}

TEST_F(Expiry, FilesAreWholeWhenTheServerDiesWhileTheyComeBack) {
  await_expiry();
  fs::remove_all(sandbox_folder());
  const auto last_seq = get_int(session(), "last_seq");
  ASSERT_TRUE(client_->prompt(id_, "Look"));
  const auto restores = [](const Json& event) {
    return get_string(event, "type") == "phase_changed" && get_int(event["data"], "progress") >= 85;
  };
  ASSERT_FALSE(client_->wait_for(id_, restores, kSoon, last_seq).is_null()) << server_.log();
  server_.kill9();
  ASSERT_TRUE(server_.start()) << server_.log();
  client_.emplace(server_.url());
  expect_files_after(last_seq);
}

TEST_F(Expiry, AnExpiredSessionCanBeDeletedAndKeepsItsArchive) {
  await_expiry();
  EXPECT_EQ(client_->send("DELETE", "/session/" + id_).status, 202);
  EXPECT_TRUE(eventually([&] { return get_string(session(), "phase") == "ready"; }, kSoon));
  ASSERT_TRUE(client_->wait_for_status(id_, "terminated", kSoon));
  EXPECT_TRUE(eventually([&] { return !fs::exists(sandbox_folder()); }, kSoon));
  EXPECT_EQ(zip_entry(client_->send("GET", "/download/" + id_).body, "src/run.sh"), "#!/bin/sh\necho it runs\n");
  EXPECT_EQ(client_->send("POST", "/session/" + id_ + "/messages", {{"content", "more"}}).status, 409);
}

class Retention : public Expiry {
 protected:
  Retention() : Expiry({{"OTTOBOT_RETENTION", "3"}}) {}

  // What is below the data directory and has the session in its name.
  std::string traces() const {
    std::string found;
    std::error_code gone;
    fs::recursive_directory_iterator each(server_.data_dir(), gone);
    for (; !gone && each != fs::recursive_directory_iterator(); each.increment(gone)) {
      if (each->path().string().find(id_) != std::string::npos) found += each->path().string() + "\n";
    }
    return gone ? gone.message() : found;  // something is just going
  }
};

TEST_F(Retention, ADeletedSessionIsReadableUntilItEndsAndThenGoneWithoutATrace) {
  EXPECT_EQ(client_->send("DELETE", "/session/" + id_).status, 202);
  ASSERT_TRUE(client_->wait_for_status(id_, "terminated", kSoon));
  EXPECT_EQ(client_->send("GET", "/session/" + id_ + "/logs").status, 200);
  EXPECT_TRUE(is_sound_zip(client_->send("GET", "/download/" + id_).body));
  EXPECT_TRUE(eventually([&] { return client_->send("GET", "/session/" + id_).status == 404; }, kSoon));
  for (const char* what : {"/logs", "/events", "/files"}) {
    EXPECT_EQ(client_->send("GET", "/session/" + id_ + what).status, 404) << what;
  }
  EXPECT_EQ(client_->send("GET", "/download/" + id_).status, 404);
  EXPECT_EQ(client_->send("DELETE", "/session/" + id_).status, 404);
  EXPECT_EQ(get_int(client_->get("/session"), "total", -1), 0);
  // Its row goes before its files.
  EXPECT_TRUE(eventually([&] { return traces().empty(); }, kSoon)) << traces();
}

}  // namespace
}  // namespace ottobot::integration
