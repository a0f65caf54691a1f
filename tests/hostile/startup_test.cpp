// A server that cannot have what it needs says so and ends; one that cannot have what is nice to have goes without.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"

namespace ottobot::hostile {
namespace {

using namespace integration;
using namespace std::chrono_literals;

constexpr int kRangeStart = 31000;  // below the ports that the system hands out

// A port that somebody else has.
class TakenPort {
 public:
  TakenPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    for (int port = kRangeStart; port < kRangeStart + 500 && port_ == 0; ++port) {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      address.sin_port = htons(static_cast<std::uint16_t>(port));
      const bool bound = ::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
      if (bound && ::listen(fd_.get(), 1) == 0) port_ = port;
    }
  }
  std::string number() const { return std::to_string(port_); }

 private:
  net::UniqueFd fd_;
  int port_ = 0;
};

TEST(Startup, ASecondServerOnTheDataDirectoryEndsAndNamesTheFirst) {
  ServerProcess server;
  ASSERT_TRUE(server.start()) << server.log();
  const auto second = server.run_second();
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_NE(second->status.code, 0);
  EXPECT_NE(second->err.find("is in use by process " + std::to_string(server.pid())), std::string::npos) << second->err;
  EXPECT_NE(second->err.find("another data directory"), std::string::npos) << second->err;
  EXPECT_EQ(get_string(SessionClient(server.url()).get("/health"), "status"), "healthy");
}

TEST(Startup, ATakenPortEndsTheServerWithAHint) {
  const TakenPort taken;
  const auto dir = std::filesystem::temp_directory_path() / ("oi-port-" + taken.number());
  net::SpawnOptions options;
  options.argv = {OTTOBOT_PROGRAM, "serve", "--data-dir", dir.string(), "--port", taken.number()};
  options.env = std::map<std::string, std::string>{{"PATH", "/usr/bin:/bin:/usr/sbin:/sbin"}, {"HOME", "/nonexistent"}};
  const auto ended = net::run(options, with_timeout(30s));
  std::filesystem::remove_all(dir);
  ASSERT_TRUE(ended) << ended.error().to_string();
  EXPECT_NE(ended->status.code, 0);
  EXPECT_NE(ended->err.find(taken.number()), std::string::npos) << ended->err;
  EXPECT_NE(ended->err.find("in use"), std::string::npos) << ended->err;
}

TEST(Startup, SessionsWorkWhenAllTheirPortsAreTaken) {
  const TakenPort vnc, mcp;
  ServerProcess server(scenario({turn(1, {step("Working", {run_command("echo ok > a.txt")}), step("Done")})}),
                       {{"VNC_PORT_RANGE_START", vnc.number()},
                        {"VNC_PORT_RANGE_END", vnc.number()},
                        {"MCP_PORT_RANGE_START", mcp.number()},
                        {"MCP_PORT_RANGE_END", mcp.number()}});
  ASSERT_TRUE(server.start()) << server.log();
  const SessionClient client(server.url());
  const std::string id = client.create("Go");
  ASSERT_FALSE(id.empty());
  const Json end = client.wait_for_turn(id);
  EXPECT_EQ(get_string(end.value("data", Json()), "outcome"), "completed") << end << server.log();
  EXPECT_EQ(of_type(client.events(id), "warning").size(), 1U);
  const Json session = client.get("/session/" + id);
  EXPECT_EQ(get_string(session, "vnc_url").rfind(server.url(), 0), 0U) << session;
  EXPECT_EQ(get_string(client.get("/health"), "status"), "healthy");
}

}  // namespace
}  // namespace ottobot::hostile
