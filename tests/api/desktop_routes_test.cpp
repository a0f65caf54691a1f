#include "api/desktop_routes.hpp"

#include <sys/socket.h>

#include <condition_variable>
#include <thread>

#include "api/rfb_client_messages.hpp"
#include "api/socket_client.hpp"
#include "api/viewer_host.hpp"
#include "ottobot/ids.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot::api::test {
namespace {

using namespace std::chrono_literals;
using namespace rfb;
using ottobot::testing::failed_with;
using ottobot::testing::succeeded;

constexpr std::chrono::seconds kPatience{20};

// A desktop that greets, and remembers what each viewer's connection brings.
class FakeDesktop {
 public:
  ~FakeDesktop() {
    for (std::thread& reader : readers_) reader.join();
  }

  void accept(net::Exchange& exchange) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    (void)!::send(ends[0], "RFB 003.008\n", 12, MSG_NOSIGNAL);
    const std::lock_guard lock(mutex_);
    const std::size_t index = received_.size();
    received_.emplace_back();
    readers_.emplace_back([this, index, fd = net::UniqueFd(ends[0])] { read(index, fd.get()); });
    exchange.upgrade_and_bridge("rfb", {}, {net::UniqueFd(ends[1]), {}});
  }

  // What viewer number `index` has sent, once it ends with `end`.
  std::string received(std::size_t index, const std::string& end) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [&] { return index < received_.size() && received_[index].ends_with(end); });
    return index < received_.size() ? received_[index] : "";
  }

 private:
  void read(std::size_t index, int fd) {
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) {
      const std::lock_guard lock(mutex_);
      received_[index].append(buffer, static_cast<std::size_t>(got));
      changed_.notify_all();
    }
  }

  std::mutex mutex_;  // guards the members below
  std::condition_variable changed_;
  std::vector<std::string> received_;
  std::vector<std::thread> readers_;
};

class DesktopRoutes : public ApiTest {
 protected:
  DesktopRoutes() {
    sandbox_up_ = true;
    sandbox_.rfb = [this](net::Exchange& exchange) { desktop_.accept(exchange); };
  }
  ~DesktopRoutes() override {
    listener_.reset();
    api_.reset();
  }

  // A viewer that has seen the desktop's greeting and said hello.
  std::unique_ptr<SocketClient> view(const std::string& query = {}) {
    auto viewer = std::make_unique<SocketClient>(port(), "/session/" + id_ + "/vnc/websockify" + query);
    EXPECT_EQ(viewer->next(kPatience), "RFB 003.008\n");
    viewer->send_binary(hello());
    return viewer;
  }
  Json desktop() { return json_of(get("/session/" + id_ + "/desktop")); }
  net::HttpResponse control(const Json& body) {
    return send("POST", "/session/" + id_ + "/desktop/control", dump_json(body));
  }
  std::vector<std::string> log_lines() {
    std::vector<std::string> lines;
    for (const Event& event : read_events(*store_, {id_}, {}).value_or(std::vector<Event>{})) {
      if (event.type == EventType::log) lines.push_back(get_string(event.data, "message"));
    }
    return lines;
  }
  bool eventually(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!holds() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(5ms);
    return holds();
  }

  FakeDesktop desktop_;
  const std::string id_ = create_session();
};

TEST_F(DesktopRoutes, SaysWhoLooksAndWhoControls) {
  EXPECT_EQ(desktop(), (Json{{"viewers", Json::array()}, {"controller", nullptr}, {"agent_input", "free"}}));
  const std::string mine = new_id();
  const auto a = view("?viewer=" + mine);
  const auto b = view();
  a->send_binary(key('a', true) + fence("1"));
  EXPECT_EQ(desktop_.received(0, fence("1")), hello() + key('a', true) + fence("1"));
  b->send_binary(key('b', true) + fence("2"));
  EXPECT_EQ(desktop_.received(1, fence("2")), hello() + fence("2"));
  const Json state = desktop();
  EXPECT_EQ(state["controller"], mine);
  EXPECT_EQ(state["agent_input"], "parked");
  ASSERT_EQ(state["viewers"].size(), 2u);
  EXPECT_EQ(state["viewers"][0]["id"], mine);
  EXPECT_EQ(state["viewers"][0]["role"], "control");
  EXPECT_EQ(state["viewers"][0]["controls"], true);
  EXPECT_EQ(state["viewers"][1]["controls"], false);
  EXPECT_TRUE(get_string(state["viewers"][1], "connected_at").ends_with("Z"));
  EXPECT_TRUE(api_->person_controls_desktop(id_));
  a->send_close();
  EXPECT_TRUE(eventually([&] { return desktop()["viewers"].size() == 1; }));
  EXPECT_EQ(desktop()["controller"], nullptr);
  EXPECT_FALSE(api_->person_controls_desktop(id_));
}

TEST_F(DesktopRoutes, HandsControlOver) {
  const auto a = view();
  const auto b = view();
  a->send_binary(key('a', true) + fence("1"));
  ASSERT_EQ(desktop_.received(0, fence("1")), hello() + key('a', true) + fence("1"));
  const auto taken = control({{"action", "take"}, {"viewer", desktop()["viewers"][1]["id"]}});
  EXPECT_EQ(taken.status, 200);
  EXPECT_EQ(json_of(taken), desktop());
  EXPECT_EQ(desktop()["viewers"][1]["controls"], true);
  a->send_binary(pointer(1, 5, 5) + fence("2"));
  EXPECT_EQ(desktop_.received(0, fence("2")), hello() + key('a', true) + fence("1") + key('a', false) + fence("2"))
      << "its click is dropped, its key let go";
  b->send_binary(key('b', true) + fence("3"));
  EXPECT_EQ(desktop_.received(1, fence("3")), hello() + key('b', true) + fence("3"));
  EXPECT_EQ(json_of(control({{"action", "release"}}))["agent_input"], "free");
  a->send_binary(key('c', true) + fence("4"));
  EXPECT_TRUE(desktop_.received(0, fence("4")).ends_with(fence("2") + key('c', true) + fence("4")))
      << "who is first has it again";
}

TEST_F(DesktopRoutes, PeopleHoldItWithoutAViewer) {
  EXPECT_EQ(json_of(control({{"action", "take"}}))["agent_input"], "parked");
  EXPECT_TRUE(api_->person_controls_desktop(id_));
  EXPECT_EQ(json_of(control({{"action", "release"}}))["agent_input"], "free");
}

TEST_F(DesktopRoutes, RefusesWhatItCannotDo) {
  const auto bad = control({{"action", "steal"}});
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(json_of(bad)["details"][0]["field"], "action");
  EXPECT_EQ(json_of(control({{"viewer", "x"}}))["details"][0]["field"], "action");
  EXPECT_EQ(json_of(control({{"action", "take"}, {"viewer", 5}}))["details"][0]["field"], "viewer");
  EXPECT_EQ(control({{"action", "take"}, {"viewer", new_id()}}).status, 404);
  EXPECT_EQ(control({{"action", "release"}, {"viewer", new_id()}}).status, 404);
  EXPECT_EQ(get("/session/" + new_id() + "/desktop").status, 404);
  EXPECT_EQ(send("POST", "/session/" + new_id() + "/desktop/control", R"({"action":"take"})").status, 404);
  EXPECT_EQ(send("POST", "/session/" + id_ + "/desktop/control", "{").status, 400);
  finish_delete(id_);
  EXPECT_EQ(control({{"action", "take"}}).status, 409);
  EXPECT_EQ(get("/session/" + id_ + "/desktop").status, 200);
}

TEST_F(DesktopRoutes, ABrokenMessageClosesTheSocket) {
  const auto viewer = view();
  viewer->send_binary(fence("1") + u8(7) + key('a', true));
  EXPECT_EQ(viewer->close_code(), 1002);
  EXPECT_EQ(desktop_.received(0, fence("1")), hello() + fence("1"));
}

TEST_F(DesktopRoutes, ChangesOfControlAreInTheLog) {
  ApiOptions options{"1.2.3", "127.0.0.1", 0, "", {}};
  options.desktop_control.log_gap = 50ms;
  restart(std::move(options));
  const auto a = view();
  a->send_binary(key('a', true) + key('a', false) + key('b', true));
  EXPECT_TRUE(eventually([&] { return log_lines() == std::vector<std::string>{"A person controls the desktop"}; }));
  a->send_close();
  EXPECT_TRUE(eventually([&] { return log_lines().size() == 2; })) << "a moment later";
  EXPECT_EQ(log_lines().back(), "The desktop was handed back to the agent");
}

TEST_F(DesktopRoutes, ATakeBecomesStaleByItself) {
  ApiOptions options{"1.2.3", "127.0.0.1", 0, "", {}};
  options.desktop_control = {20ms, 40ms, 1ms};
  restart(std::move(options));
  ASSERT_EQ(control({{"action", "take"}}).status, 200);
  EXPECT_TRUE(eventually([&] { return log_lines().size() == 2; }));
  EXPECT_EQ(log_lines().back(), "The desktop was handed back to the agent");
  EXPECT_EQ(desktop()["agent_input"], "free");
}

class DesktopRoles : public DesktopRoutes {
 protected:
  ApiDependencies dependencies() {
    return {*sessions_,
            *store_,
            *http_,
            *server_,
            system_clock(),
            null_logger(),
            [this](const SessionRow&, const CallContext&) -> Result<Endpoint> { return sandbox_.endpoint(); },
            {},
            {},
            {},
            {}};
  }
  std::unique_ptr<SocketClient> view_as(const std::string& role) {
    auto viewer = std::make_unique<SocketClient>(host_.port(), "/" + role);
    EXPECT_EQ(viewer->next(kPatience), "RFB 003.008\n");
    viewer->send_binary(hello(0));
    return viewer;
  }

  ViewerHost host_{*server_, dependencies(), {}, id_};
};

TEST_F(DesktopRoles, WhoMayOnlyLookGivesNoInput) {
  const auto watcher = view_as("view");
  const auto person = view_as("control");
  watcher->send_binary(key('x', true) + pointer(1, 1, 1) + cut_text("secret") + update_request());
  EXPECT_EQ(desktop_.received(0, update_request()), hello() + update_request());
  EXPECT_FALSE(host_.context().desktops.person_controls(id_));
  person->send_binary(key('y', true) + update_request());
  EXPECT_EQ(desktop_.received(1, update_request()), hello() + key('y', true) + update_request());
  const DesktopState state = host_.context().desktops.state(id_);
  ASSERT_EQ(state.viewers.size(), 2u);
  EXPECT_EQ(state.viewers[0].role, DesktopRole::view);
  EXPECT_EQ(state.controller, state.viewers[1].id);
}

}  // namespace
}  // namespace ottobot::api::test
