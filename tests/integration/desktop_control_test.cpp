// Two people at one desktop of a real server: one controls, the other waits, and control is handed over.
#include <gtest/gtest.h>

#include "integration/rfb_viewer.hpp"
#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::integration {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kPatience{30};

// Leaves a terminal open, beside the console, that writes what is typed into a file.
Json terminal_scenario() {
  const std::string reader = "echo up > up.txt; while read line; do echo \"$line\" >> typed.txt; done";
  const Json args{
      {"command", std::string(kWaitForDesktop) + "; xterm -geometry 30x5+1600+300 -e sh -c '" + reader + "'"}};
  return scenario({turn(1, {step("Opening a terminal", {call("execute_command_async", args)}), step("Done")})});
}

class DesktopControl : public ::testing::Test {
 protected:
  explicit DesktopControl(Environment settings = {}, std::string api_key = {})
      : server_(terminal_scenario(), std::move(settings)), api_key_(std::move(api_key)) {}

  void SetUp() override {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url(), api_key_);
    id_ = client_->create("Open a terminal");
    ASSERT_FALSE(client_->wait_for_turn(id_).is_null()) << server_.log();
    ASSERT_TRUE(eventually([&] { return client_->file(id_, "up.txt") == "up\n"; }, kPatience)) << server_.log();
  }

  Json desktop() { return client_->get("/session/" + id_ + "/desktop"); }
  net::HttpResponse control(const Json& body) {
    return client_->send("POST", "/session/" + id_ + "/desktop/control", body);
  }
  bool has_line(const std::string& line) {
    return ("\n" + client_->file(id_, "typed.txt")).find("\n" + line + "\n") != std::string::npos;
  }
  bool types(RfbViewer& viewer, const std::string& line) {
    return eventually(
        [&] {
          viewer.click(1650, 340);
          viewer.type(line);
          return viewer.sync() && eventually([&] { return has_line(line); }, 500ms);
        },
        kPatience);
  }
  bool is_logged(const std::string& message) {
    const auto said = [&](const Json& event) {
      return get_string(event, "type") == "log" && get_string(event["data"], "message") == message;
    };
    return !client_->wait_for(id_, said, kPatience).is_null();
  }

  ServerProcess server_;
  const std::string api_key_;
  std::optional<SessionClient> client_;
  std::string id_;
};

TEST_F(DesktopControl, IsOnePersonsAtATimeAndHandedOver) {
  const std::string a_id = new_id(), b_id = new_id();
  const int own_port = static_cast<int>(get_int(client_->get("/session/" + id_), "vnc_port"));
  RfbViewer a(own_port, "/websockify?viewer=" + a_id, true);
  RfbViewer b(server_.port(), "/session/" + id_ + "/vnc/websockify?viewer=" + b_id, false);
  ASSERT_TRUE(a.ready() && b.ready()) << server_.log();
  EXPECT_TRUE(a.sync()) << "b asked for the desktop alone";
  EXPECT_EQ(get_string(desktop(), "agent_input"), "free");
  ASSERT_TRUE(types(a, "a-first")) << client_->file(id_, "typed.txt");
  ASSERT_EQ(control({{"action", "take"}, {"viewer", a_id}}).status, 200);  // lasts, however slow this machine is
  EXPECT_EQ(desktop()["controller"], a_id);
  EXPECT_EQ(get_string(desktop(), "agent_input"), "parked");
  EXPECT_TRUE(is_logged("A person controls the desktop"));
  b.type("b-early");
  EXPECT_TRUE(b.sync());
  ASSERT_EQ(control({{"action", "take"}, {"viewer", b_id}}).status, 200);
  ASSERT_TRUE(types(b, "b-late")) << client_->file(id_, "typed.txt");
  a.type("a-late");
  EXPECT_TRUE(a.sync());
  ASSERT_TRUE(types(b, "end"));
  EXPECT_FALSE(has_line("b-early"));
  EXPECT_FALSE(has_line("a-late"));
  ASSERT_EQ(control({{"action", "release"}}).status, 200);
  EXPECT_EQ(desktop()["controller"], nullptr);
  EXPECT_TRUE(is_logged("The desktop was handed back to the agent"));
}

class DesktopControlByTicket : public DesktopControl {
 protected:
  DesktopControlByTicket() : DesktopControl({{"OTTOBOT_API_KEYS", "ann:the-key-of-ann-1234"}}, "the-key-of-ann-1234") {}

  std::string ticket(const std::string& role) {
    const auto made = client_->send("POST", "/session/" + id_ + "/ticket", {{"role", role}});
    EXPECT_EQ(made.status, 201) << made.body;
    return get_string(parse_json(made.body).value_or(Json()), "ticket");
  }
};

TEST_F(DesktopControlByTicket, WhoMayOnlyLookTypesInVain) {
  const std::string view = ticket("view"), control_ticket = ticket("control");
  const std::string socket = "/session/" + id_ + "/vnc/websockify?ticket=";
  const int own_port = static_cast<int>(get_int(client_->get("/session/" + id_), "vnc_port"));
  RfbViewer person(server_.port(), socket + control_ticket, true);
  RfbViewer watcher(server_.port(), socket + view, false);
  RfbViewer own_port_watcher(own_port, "/websockify?ticket=" + view, false);
  ASSERT_TRUE(person.ready() && watcher.ready() && own_port_watcher.ready()) << server_.log();
  ASSERT_TRUE(types(person, "first"));
  ASSERT_EQ(control({{"action", "release"}}).status, 200);
  for (RfbViewer* viewer : {&watcher, &own_port_watcher}) {
    viewer->click(1650, 340);
    viewer->type("in vain");
    EXPECT_TRUE(viewer->sync());
  }
  EXPECT_EQ(desktop()["controller"], nullptr);
  ASSERT_TRUE(types(person, "last"));
  EXPECT_FALSE(has_line("in vain"));
  const Json viewers = desktop()["viewers"];
  ASSERT_EQ(viewers.size(), 3u);
  EXPECT_EQ(get_string(viewers[1], "role"), "view");
  const SessionClient with_view(server_.url(), view);
  EXPECT_EQ(with_view.send("POST", "/session/" + id_ + "/desktop/control", {{"action", "take"}}).status, 403);
}

}  // namespace
}  // namespace ottobot::integration
