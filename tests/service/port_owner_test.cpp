#include "port_owner.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "net/server/http_server.hpp"

namespace ottobot::cli {
namespace {

TEST(PortOwner, NamesTheProcessThatListens) {
  auto server = net::make_http_server({});
  ASSERT_TRUE(server);
  net::ListenOptions options;
  options.handler = [](net::Exchange& exchange) { exchange.respond({}); };
  auto listener = (*server)->listen(std::move(options));
  ASSERT_TRUE(listener);
  const int port = (*listener)->port();
  EXPECT_FALSE(is_port_free("127.0.0.1", port));
  EXPECT_NE(port_owner(port).find("(pid " + std::to_string(::getpid()) + ")"), std::string::npos) << port_owner(port);
  listener->reset();
  EXPECT_TRUE(is_port_free("127.0.0.1", port));
  EXPECT_EQ(port_owner(port), "");
}

}  // namespace
}  // namespace ottobot::cli
