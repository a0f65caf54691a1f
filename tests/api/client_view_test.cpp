#include "api/client_view.hpp"

#include <gtest/gtest.h>

namespace ottobot::api {
namespace {

const std::vector<Network>& trusted() {
  static const auto networks = parse_networks({"127.0.0.1", "::1", "10.1.0.0/20"});
  return *networks;
}

net::RequestHead from(const std::string& peer, net::Headers headers) {
  net::RequestHead head;
  head.peer = peer;
  head.headers = std::move(headers);
  return head;
}

TEST(Networks, AreAddressesAndPrefixes) {
  EXPECT_TRUE(contains(trusted(), "10.1.15.255"));
  EXPECT_TRUE(contains(trusted(), "::ffff:10.1.0.1"));
  for (const char* other : {"10.1.16.0", "10.2.0.1", "127.0.0.2", "::2", "garbage", ""}) {
    EXPECT_FALSE(contains(trusted(), other)) << other;
  }
  for (const char* wrong : {"localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::1/129", "1.2.3", ""}) {
    EXPECT_FALSE(parse_networks({wrong})) << wrong;
  }
}

TEST(ClientAddress, IsThePeersUnlessATrustedProxySaysOtherwise) {
  const net::Headers said{{"X-Forwarded-For", "203.0.113.9"}};
  EXPECT_EQ(client_address(from("198.51.100.1:4000", said), trusted()), "198.51.100.1");
  EXPECT_EQ(client_address(from("127.0.0.1:4000", said), trusted()), "203.0.113.9");
  EXPECT_EQ(client_address(from("[::1]:4000", said), trusted()), "203.0.113.9");
  EXPECT_EQ(client_address(from("127.0.0.1:4000", said), {}), "127.0.0.1");
}

TEST(ClientAddress, IsTheNearestThatIsNoProxyOfOurs) {
  const auto of = [](net::Headers headers) {
    return client_address(from("127.0.0.1:1", std::move(headers)), trusted());
  };
  EXPECT_EQ(of({{"X-Forwarded-For", "1.1.1.1, 203.0.113.9, 10.1.0.7"}}), "203.0.113.9")
      << "1.1.1.1 is the client's word";
  EXPECT_EQ(of({{"X-Forwarded-For", "1.1.1.1"}, {"X-Forwarded-For", "203.0.113.9"}}), "203.0.113.9");
  EXPECT_EQ(of({{"X-Forwarded-For", "[2001:db8::1]:443"}}), "2001:db8::1");
  EXPECT_EQ(of({{"X-Forwarded-For", "203.0.113.9:5000"}}), "203.0.113.9");
  EXPECT_EQ(of({{"X-Forwarded-For", "1.1.1.1, not an address"}}), "127.0.0.1");
  EXPECT_EQ(of({{"X-Forwarded-For", "10.1.0.8, 10.1.0.7"}}), "10.1.0.8");
}

TEST(ForwardedBase, IsWhatATrustedProxyIsReachedBy) {
  const net::Headers both{{"X-Forwarded-Proto", "https"}, {"X-Forwarded-Host", "otto.example"}, {"Host", "inner:3000"}};
  EXPECT_EQ(forwarded_base(from("127.0.0.1:1", both), trusted()), "https://otto.example");
  EXPECT_EQ(forwarded_base(from("198.51.100.1:1", both), trusted()), "");
  EXPECT_EQ(forwarded_base(from("127.0.0.1:1", {{"X-Forwarded-Proto", "https"}, {"Host", "a.example"}}), trusted()),
            "https://a.example");
  EXPECT_EQ(forwarded_base(from("127.0.0.1:1", {{"Host", "a.example"}}), trusted()), "");
  EXPECT_EQ(forwarded_base(from("127.0.0.1:1", {{"X-Forwarded-Host", "a.example/\"><script>"}}), trusted()), "");
  EXPECT_EQ(forwarded_base(from("127.0.0.1:1", {{"X-Forwarded-Proto", "javascript"}, {"Host", "a"}}), trusted()), "");
}

}  // namespace
}  // namespace ottobot::api
