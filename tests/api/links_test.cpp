#include "api/links.hpp"

namespace ottobot::api {
namespace {

net::RequestHead sent_to(const std::string& host) {
  net::RequestHead head;
  if (!host.empty()) head.headers.add("Host", host);
  return head;
}

TEST(Links, AWildcardListenerSendsUsersBackToWhereTheyCameFrom) {
  for (const char* wildcard : {"0.0.0.0", "::", ""}) {
    const Links links({"", wildcard, 3000}, sent_to("box.lan:13000"));
    EXPECT_EQ(links.chat_url("S"), "ws://box.lan:13000/session/S/chat");
    EXPECT_TRUE(links.vnc_url("S", 6080).starts_with("http://box.lan:13000/session/S/vnc/vnc.html?"))
        << "the session's own port listens on loopback only";
    EXPECT_EQ(Links({"", wildcard, 3000}, sent_to("localhost:3000")).vnc_url("S", 6080),
              "http://localhost:6080/vnc.html?autoconnect=1&reconnect=1&resize=scale&path=websockify");
  }
}

TEST(Links, AreThoseOfTheRequestsScheme) {
  auto head = sent_to("x");
  head.over_tls = true;
  const Links links({"", "0.0.0.0", 3000}, head);
  EXPECT_EQ(links.chat_url("S"), "wss://x/session/S/chat");
  EXPECT_TRUE(links.vnc_url("S", 0).starts_with("https://x/session/S/vnc/vnc.html?"));
  EXPECT_TRUE(Links({"", "127.0.0.1", 3000}, head).vnc_url("S", 6080).starts_with("http://127.0.0.1:6080/"))
      << "the session's own port speaks plain http";
  EXPECT_EQ(Links({"http://otto.example", "127.0.0.1", 3000}, head).chat_url("S"), "ws://otto.example/session/S/chat");
}

TEST(Links, PathsInWhatIsShownOfTheLogAreThoseOfTheProcessThatShowsIt) {
  const Links links({"", "0.0.0.0", 3000}, sent_to("box.lan:13000"));
  EXPECT_EQ(links.in_full({{"data", {{"download_url", "/download/S"}}}})["data"]["download_url"],
            "http://box.lan:13000/download/S");
  EXPECT_EQ(links.in_full({{"metadata", {{"download_url", "/download/S"}}}})["metadata"]["download_url"],
            "http://box.lan:13000/download/S");
  const Json others{{"data", {{"download_url", "http://otto.example/download/S"}, {"changed_files", {"a"}}}}};
  EXPECT_EQ(links.in_full(others), others);
  const Json none{{"data", {{"content", "/download/S"}}}, {"metadata", nullptr}};
  EXPECT_EQ(links.in_full(none), none);
}

TEST(Links, AnIpv6HostIsBracketed) {
  EXPECT_EQ(Links({"", "::1", 3000}, sent_to("x")).chat_url("S"), "ws://[::1]:3000/session/S/chat");
  const Links wildcard({"", "::", 3000}, sent_to("[fd00::5]:3000"));
  EXPECT_TRUE(wildcard.vnc_url("S", 6080).starts_with("http://[fd00::5]:3000/session/S/vnc/vnc.html?"));
}

TEST(Links, AHostFieldThatCannotStandInAUrlIsNotUsed) {
  const Links links({"", "0.0.0.0", 3000}, sent_to("evil\"><script>"));
  EXPECT_EQ(links.chat_url("S"), "ws://localhost:3000/session/S/chat");
  EXPECT_EQ(Links({"", "0.0.0.0", 3000}, sent_to("")).chat_url("S"), "ws://localhost:3000/session/S/chat");
}

TEST(Links, ThePublicUrlWinsOverPortsOfTheSession) {
  const Links links({"https://otto.example/", "127.0.0.1", 3000}, sent_to("x"));
  EXPECT_EQ(links.chat_url("S"), "wss://otto.example/session/S/chat");
  EXPECT_EQ(links.vnc_url("S", 6080),
            "https://otto.example/session/S/vnc/"
            "vnc.html?autoconnect=1&reconnect=1&resize=scale&path=session/S/vnc/websockify");
}

TEST(Links, APrefixOfThePublicUrlIsPartOfTheWebSocketPath) {
  const Links links({"https://example.org/otto", "127.0.0.1", 3000}, sent_to("x"));
  EXPECT_TRUE(links.vnc_url("S", 0).ends_with("&path=otto/session/S/vnc/websockify"));
}

}  // namespace
}  // namespace ottobot::api
