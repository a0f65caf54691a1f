#include "api/api_fixture.hpp"

namespace ottobot::api::test {
namespace {

// Of "<p>zipped</p>": another text, so that it shows which form was sent.
constexpr std::string_view kZipped(
    "\037\213\010\000\000\000\000\000\002\003\263\051\260\253\312\054\050\110\115\261\321\057\260\003\000\120\375\113"
    "\316\015\000\000\000",
    33);

class Page : public ApiTest {
 protected:
  Page() {
    ApiOptions options{"1.2.3", "127.0.0.1", 0, "", {}};
    options.page = {{"index.html", "<p>the page</p>", kZipped, "h1"}, {"assets/main-1a2b.js", "run()", {}, "h2"}};
    restart(std::move(options));
  }
};

class PageWithKeys : public ApiTest {
 protected:
  PageWithKeys() {
    ApiOptions options{"1.2.3", "127.0.0.1", 0, "", {}};
    options.access.api_keys = "ann:a-key-of-some-length";
    options.page = {{"index.html", "<p>the page</p>", {}, "h1"}, {"assets/main-1a2b.js", "run()", {}, "h2"}};
    restart(std::move(options));
  }
};

TEST_F(Page, IsAtTheEntrance) {
  const auto page = get("/", {{"Accept-Encoding", "identity"}});
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, "<p>the page</p>");
  EXPECT_EQ(page.headers.find("Content-Type"), "text/html; charset=utf-8");
}

TEST_F(Page, MayLoadNothingFromElsewhereAndRunNothingInline) {
  const auto page = get("/");
  const std::string policy(page.headers.find("Content-Security-Policy").value_or(""));
  EXPECT_EQ(policy.rfind("default-src 'none';", 0), 0u) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos) << policy;
  EXPECT_EQ(policy.find("http"), std::string::npos) << policy;
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos) << policy;
  EXPECT_EQ(page.headers.find("X-Content-Type-Options"), "nosniff");
}

TEST_F(Page, IsAskedForAgainAndMostlyNotSentAgain) {
  const auto page = get("/");
  EXPECT_EQ(page.headers.find("Cache-Control"), "no-cache");
  const std::string etag(page.headers.find("ETag").value_or(""));
  const auto again = get("/", {{"If-None-Match", etag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(get("/", {{"If-None-Match", "\"another\""}}).status, 200);
}

TEST_F(Page, KeepsItsPartsForEver) {
  const auto script = get("/assets/main-1a2b.js");
  EXPECT_EQ(script.status, 200);
  EXPECT_EQ(script.body, "run()");
  EXPECT_EQ(script.headers.find("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(script.headers.find("Cache-Control"), "public, max-age=31536000, immutable");
}

TEST_F(Page, SaysThatAPartIsNotThere) {
  const auto missing = get("/assets/main-of-yesterday.js");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(get_string(json_of(missing), "hint"), "load the page again");
  EXPECT_EQ(get("/assets/../index.html").status, 404);
}

TEST_F(Page, IsZippedForThoseWhoTakeThat) {
  const auto zipped = get("/", {{"Accept-Encoding", "br, gzip"}});
  EXPECT_EQ(zipped.headers.find("Vary"), "Accept-Encoding");
  EXPECT_EQ(zipped.body, "<p>zipped</p>") << "the client knows by Content-Encoding that it has to unpack it";
  const auto plain = get("/", {{"Accept-Encoding", "gzip;q=0"}});
  EXPECT_EQ(plain.body, "<p>the page</p>");
  EXPECT_NE(zipped.headers.find("ETag"), plain.headers.find("ETag"));
  EXPECT_EQ(get("/assets/main-1a2b.js", {{"Accept-Encoding", "gzip"}}).body, "run()") << "it has no such form";
}

TEST_F(PageWithKeys, NeedsNoKey) {
  EXPECT_EQ(get("/").status, 200);
  EXPECT_EQ(get("/assets/main-1a2b.js").status, 200);
  EXPECT_EQ(get("/session").status, 401);
}

class WithoutPage : public ApiTest {};

TEST_F(WithoutPage, TheEntranceSaysHowToGetOne) {
  const auto page = get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("npm"), std::string::npos) << page.body;
  EXPECT_NE(page.body.find("href=\"docs\""), std::string::npos) << page.body;
  EXPECT_EQ(get("/assets/main-1a2b.js").status, 404);
}

}  // namespace
}  // namespace ottobot::api::test
