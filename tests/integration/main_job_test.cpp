#include <gtest/gtest.h>

#include "integration/server_process.hpp"
#include "integration/session_client.hpp"

namespace ottobot::integration {
namespace {

constexpr std::chrono::seconds kSoon{10};

class MainJob : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url());
    id_ = client_->create("Build a React todo app with TypeScript");
    ASSERT_FALSE(id_.empty()) << server_.log();
    const Json end = client_->wait_for_turn(id_);
    ASSERT_EQ(get_string(end.value("data", Json()), "outcome"), "completed") << end << "\n" << server_.log();
  }

  ServerProcess server_;
  std::optional<SessionClient> client_;
  std::string id_;
};

TEST_F(MainJob, TheProjectCanBeDownloaded) {
  for (const std::string suffix : {"", "/project.zip"}) {
    const auto zip = client_->send("GET", "/download/" + id_ + suffix);
    ASSERT_EQ(zip.status, 200);
    EXPECT_EQ(zip.headers.find("Content-Type"), "application/zip");
    EXPECT_TRUE(zip.headers.find("Content-Disposition").value_or("").find("attachment") == 0);
    EXPECT_TRUE(is_sound_zip(zip.body));
    const std::string names = "\n" + zip_listing(zip.body);
    EXPECT_NE(names.find("\npackage.json\n"), std::string::npos) << names;
    EXPECT_NE(names.find("\nsrc/todo.ts\n"), std::string::npos) << names;
    EXPECT_EQ(names.find("/workspace"), std::string::npos) << names;
  }
  const auto package = parse_json(client_->file(id_, "package.json"));
  ASSERT_TRUE(package) << package.error().to_string();
  EXPECT_TRUE(package->contains("name"));
}

TEST_F(MainJob, TheSessionSaysWhatItIs) {
  ASSERT_TRUE(client_->wait_for_status(id_, "ready", kSoon));
  const Json session = client_->get("/session/" + id_);
  EXPECT_EQ(get_string(session, "session_id"), id_);
  EXPECT_EQ(get_string(session, "initial_prompt"), "Build a React todo app with TypeScript");
  EXPECT_EQ(get_string(session, "model"), "scripted:demo");
  EXPECT_EQ(get_string(session, "environment"), "full-stack");
  EXPECT_EQ(get_string(session, "chat_url"),
            "ws://127.0.0.1:" + std::to_string(server_.port()) + "/session/" + id_ + "/chat");
  EXPECT_GT(get_string(session, "expires_at"), get_string(session, "created_at"));
  EXPECT_GT(get_int(session.value("usage", Json()), "output_tokens"), 0);
  EXPECT_GT(get_int(session, "vnc_port"), 0);
  EXPECT_GT(get_int(session, "mcp_port"), 0);
  const Events events = client_->events(id_);
  EXPECT_EQ(get_int(session, "last_seq"), get_int(events.back(), "seq"));
  const Json list = client_->get("/session");
  EXPECT_EQ(get_int(list, "total"), 1);
  EXPECT_EQ(get_string(list["sessions"].at(0), "session_id"), id_);
}

TEST_F(MainJob, TheDesktopsPageIsOnBothAddresses) {
  const std::string url = get_string(client_->get("/session/" + id_), "vnc_url");
  const auto own_port = client_->fetch(url);
  EXPECT_EQ(own_port.status, 200) << url;
  EXPECT_NE(own_port.body.find("noVNC"), std::string::npos);
  const auto gateway = client_->send("GET", "/session/" + id_ + "/vnc/vnc.html");
  EXPECT_EQ(gateway.status, 200);
  EXPECT_NE(gateway.body.find("noVNC"), std::string::npos);
}

TEST_F(MainJob, ASecondPromptChangesTheProject) {
  const auto last = get_int(client_->get("/session/" + id_), "last_seq");
  ASSERT_TRUE(client_->prompt(id_, "Add statistics"));
  const Json end = client_->wait_for_turn(id_, last);
  EXPECT_EQ(get_string(end.value("data", Json()), "outcome"), "completed") << end;
  EXPECT_NE(client_->file(id_, "src/stats.ts"), "");
}

}  // namespace
}  // namespace ottobot::integration
