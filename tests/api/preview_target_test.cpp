#include "api/preview_target.hpp"

#include <gtest/gtest.h>

#include "ottobot/ids.hpp"

namespace ottobot::api {
namespace {

constexpr const char* kId = "aB3_-Zz09aB3_-Zz09aBc";

std::optional<PreviewTarget> parse(const std::string& target, const std::string& host = "127.0.0.1:3000",
                                   const std::string& domain = kLocalDomain, net::Headers headers = {}) {
  net::RequestHead head;
  head.path = target.substr(0, target.find('?'));
  if (head.path.size() < target.size()) head.query = target.substr(head.path.size() + 1);
  head.headers = std::move(headers);
  head.headers.add("Host", host);
  return parse_preview_target(head, {domain, true});
}

std::string at(const std::string& rest) { return std::string("/session/") + kId + "/preview/" + rest; }

TEST(PreviewTarget, IsToldFromThePath) {
  const auto target = parse(at("5173/a%20b/c?x=1&y"));
  ASSERT_TRUE(target);
  EXPECT_EQ(target->session_id, kId);
  EXPECT_EQ(target->port, 5173);
  EXPECT_EQ(target->path, "/a%20b/c");
  EXPECT_EQ(target->query, "x=1&y");
  EXPECT_EQ(target->prefix, at("5173"));
  EXPECT_FALSE(target->own_host);
  EXPECT_EQ(target->ticket, "");
}

TEST(PreviewTarget, TheLastSlashOfTheAddressMayBeMissing) {
  EXPECT_EQ(parse(at("5173"))->path, "");
  EXPECT_EQ(parse(at("5173/"))->path, "/");
}

TEST(PreviewTarget, IsNoneElsewhere) {
  for (const std::string& path : {std::string("/"), std::string("/session/x"), std::string("/session/x/preview"),
                                  std::string("/session//x/preview/1/"), std::string("/a") + at("1/"),
                                  std::string("/session/x/files/preview/1/")}) {
    EXPECT_FALSE(parse(path)) << path;
  }
}

TEST(PreviewTarget, APortThatIsNoneIsZero) {
  for (const char* port : {"0", "65536", "-1", "x", "80x", "", "99999999999999999999", "+80"}) {
    const auto target = parse(at(std::string(port) + "/"));
    ASSERT_TRUE(target) << port;
    EXPECT_EQ(target->port, 0) << port;
  }
}

TEST(PreviewTarget, TakesTheTicketOutOfTheQuery) {
  const auto target = parse(at("80/?a=1&ticket=t.x&b=2&ticket=other"));
  EXPECT_EQ(target->ticket, "t.x");
  EXPECT_TRUE(target->ticket_in_query);
  EXPECT_EQ(target->query, "a=1&b=2");
}

TEST(PreviewTarget, TakesTheTicketOutOfThePath) {
  const auto target = parse(at("80/~t.x/a/b?ticket=the+apps"));
  EXPECT_EQ(target->ticket, "t.x");
  EXPECT_FALSE(target->ticket_in_query);
  EXPECT_EQ(target->path, "/a/b");
  EXPECT_EQ(target->prefix, at("80/~t.x"));
  EXPECT_EQ(target->query, "ticket=the+apps") << "one credential is enough";
}

TEST(PreviewTarget, WhatIsNoTicketIsTheApps) {
  EXPECT_EQ(parse(at("80/~ann/page"))->path, "/~ann/page");
  net::RequestHead head;
  head.path = at("80/~t.x/a");
  head.query = "ticket=t.x";
  const auto open = parse_preview_target(head, {kLocalDomain, false});
  EXPECT_EQ(open->path, "/~t.x/a");
  EXPECT_EQ(open->query, "ticket=t.x");
  EXPECT_EQ(open->ticket, "");
}

TEST(PreviewTarget, IsToldFromAHostNameOfItsOwn) {
  for (const char* domain : {"localhost", "apps.example.com"}) {
    std::string host = preview_host(kId, 5173, domain);
    EXPECT_LE(host.find('.'), 63u) << "RFC 1035";
    EXPECT_EQ(host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-."), std::string::npos) << host;
    host[8] = static_cast<char>(std::toupper(host[8]));
    const auto target = parse("/a?ticket=the+apps", host + ":3000", "apps.example.com");
    ASSERT_TRUE(target) << host;
    EXPECT_EQ(target->session_id, kId);
    EXPECT_EQ(target->port, 5173);
    EXPECT_TRUE(target->own_host);
    EXPECT_EQ(target->path, "/a");
    EXPECT_EQ(target->query, "ticket=the+apps");
    EXPECT_EQ(target->prefix, "");
    EXPECT_EQ(target->ticket, "");
  }
}

TEST(PreviewTarget, EveryIdHasAHostName) {
  for (int i = 0; i < 100; ++i) {
    const std::string id = new_id();
    EXPECT_EQ(parse("/", preview_host(id, 1, "localhost"))->session_id, id);
  }
}

TEST(PreviewTarget, OtherHostNamesAreNone) {
  const std::string good = preview_host(kId, 80, "localhost");
  for (const std::string& host : {std::string("localhost:3000"), std::string("80-zz.localhost"), "x." + good,
                                  good + ".evil.com", "0" + good.substr(2), preview_host(kId, 80, "other.example"),
                                  preview_host("short", 80, "localhost"), std::string("80-.localhost")}) {
    EXPECT_FALSE(parse("/", host)) << host;
  }
  EXPECT_FALSE(parse("/", good, "")) << "switched off";
}

TEST(PreviewTarget, ItsOwnHostKeepsTheTicketInACookie) {
  const std::string host = preview_host(kId, 80, "localhost");
  const auto asked = parse("/a?x=1&ottobot_ticket=t", host, kLocalDomain, {{"Cookie", "ottobot_ticket=old"}});
  EXPECT_EQ(asked->ticket, "t");
  EXPECT_TRUE(asked->ticket_in_query);
  EXPECT_EQ(asked->query, "x=1");
  for (const char* cookies :
       {"ottobot_ticket=t.x", "a=b; ottobot_ticket=t.x", "xottobot_ticket=1; ottobot_ticket=t.x; c=d"}) {
    const auto kept = parse("/a", host, kLocalDomain, {{"cookie", cookies}});
    EXPECT_EQ(kept->ticket, "t.x") << cookies;
    EXPECT_FALSE(kept->ticket_in_query);
  }
  const auto both =
      parse("/", host, kLocalDomain, {{"Cookie", "ottobot_ticket=set-by-a-neighbour; __Host-ottobot_ticket=ours"}});
  EXPECT_EQ(both->ticket, "ours");
}

}  // namespace
}  // namespace ottobot::api
