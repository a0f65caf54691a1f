#include "api/api_fixture.hpp"
#include "net/raw_client.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::api::test {
namespace {

class FileRoutes : public ApiTest {
 protected:
  std::string id_ = create_session();
};

TEST_F(FileRoutes, TheArchiveIsStreamedUnderATimestampedName) {
  sandbox_up_ = true;
  sandbox_.archive = [](net::Exchange& exchange) {
    ASSERT_TRUE(exchange.start(200, {{"Content-Type", "text/evil"}, {"Set-Cookie", "evil=1"}}));
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(exchange.write(std::string(50000, static_cast<char>('a' + i % 26))));
    exchange.finish();
  };
  const auto response = get("/download/" + id_);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body.size(), 5000000u);
  EXPECT_EQ(response.headers.find("Content-Type"), "application/zip");
  EXPECT_FALSE(response.headers.find("Set-Cookie")) << "the sandbox does not speak for this server";
  const std::string disposition(response.headers.find("Content-Disposition").value_or(""));
  EXPECT_TRUE(disposition.starts_with("attachment; filename=\"ottobot-session-" + id_ + "-20")) << disposition;
  EXPECT_TRUE(disposition.ends_with("Z.zip\"")) << disposition;
  EXPECT_EQ(get("/download/" + id_ + "/project.zip").headers.find("Content-Disposition"),
            "attachment; filename=\"project.zip\"");
}

TEST_F(FileRoutes, AnArchiveCutShortCannotPassForAWholeOne) {
  sandbox_up_ = true;
  sandbox_.archive = [](net::Exchange& exchange) {
    ASSERT_TRUE(exchange.start(200, {}));
    ASSERT_TRUE(exchange.write(std::string(100000, 'z')));
  };
  net::test::RawClient raw(port());
  raw.send("GET /download/" + id_ + " HTTP/1.1\r\nHost: x\r\n\r\n");
  bool closed = false;
  const std::string all = raw.take_rest(closed);
  EXPECT_TRUE(closed);
  EXPECT_FALSE(all.ends_with("0\r\n\r\n"));
}

TEST_F(FileRoutes, AnUploadsNameMustBeUtf8) {
  sandbox_up_ = true;
  const auto refused = send("PUT", "/session/" + id_ + "/files/caf%E9", "x");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(json_of(refused)["details"][0]["field"], "path");
}

TEST_F(FileRoutes, AnEndedSessionIsDownloadedFromTheStore) {
  const std::string zip = "PK" + std::string(300000, 'q');
  store_archive(id_, zip);
  finish_delete(id_);
  const auto response = get("/download/" + id_);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, zip);
  EXPECT_EQ(response.headers.find("Content-Length"), std::to_string(zip.size()));
}

TEST_F(FileRoutes, WithoutSandboxAndArchiveThereIsNothingToDownload) {
  EXPECT_EQ(get("/download/" + id_).status, 404);
  EXPECT_EQ(get("/download/" + id_ + "/a.txt").status, 404);
  EXPECT_EQ(get("/session/" + id_ + "/files").status, 404);
  EXPECT_EQ(send("PUT", "/session/" + id_ + "/files/a.txt", "x").status, 409);
  EXPECT_EQ(get("/download/" + new_id()).status, 404);
  finish_delete(id_);
  for (const std::string& path : {"/download/" + id_, "/download/" + id_ + "/a.txt", "/session/" + id_ + "/files"}) {
    const auto nothing = get(path);
    EXPECT_EQ(nothing.status, 404) << path;
    EXPECT_NE(get_string(json_of(nothing), "message").find("nothing to download"), std::string::npos) << path;
    EXPECT_NE(get_string(json_of(nothing), "hint").find("/logs"), std::string::npos) << path;
  }
}

TEST_F(FileRoutes, ASandboxThatIsGoneOrRefusesIs503WithAHint) {
  sandbox_up_ = true;
  sandbox_.archive = [](net::Exchange& exchange) { exchange.respond({500, {}, "boom"}); };
  EXPECT_EQ(get("/download/" + id_).status, 503);
  sandbox_.files = [](net::Exchange& exchange) { exchange.respond({401, {}, "who are you"}); };
  const auto refused = get("/session/" + id_ + "/files");
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.headers.find("Retry-After"));
}

TEST_F(FileRoutes, FilesKeepTheirRangeAndRunNoScripts) {
  sandbox_up_ = true;
  sandbox_.files = [](net::Exchange& exchange) {
    EXPECT_EQ(exchange.request().target, "/files/src/a%20b.html");
    EXPECT_EQ(exchange.request().headers.find("Range"), "bytes=1-2");
    exchange.respond({206, {{"Content-Type", "text/html"}, {"Content-Range", "bytes 1-2/4"}}, "bc"});
  };
  const auto response = get("/download/" + id_ + "/src/a%20b.html", {{"Range", "bytes=1-2"}});
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.body, "bc");
  EXPECT_EQ(response.headers.find("Content-Range"), "bytes 1-2/4");
  EXPECT_EQ(response.headers.find("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(response.headers.find("Content-Security-Policy"), "sandbox");
}

TEST_F(FileRoutes, AVersionThatTheClientHasIs304AsTheSandboxSays) {
  sandbox_up_ = true;
  sandbox_.files = [](net::Exchange& exchange) {
    EXPECT_EQ(exchange.request().headers.find("If-None-Match"), "\"v1\"");
    exchange.respond({304, {{"ETag", "\"v1\""}}, {}});
  };
  net::test::RawClient raw(port());
  raw.send("GET /download/" + id_ + "/a HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"v1\"\r\n\r\n");
  const auto known = raw.response(true);
  EXPECT_EQ(known.status, 304);
  EXPECT_EQ(known.field("ETag"), "\"v1\"");
  raw.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(raw.response().status, 200) << "the connection must still be in step";
}

TEST_F(FileRoutes, AnUnsatisfiableRangeIs416WithTheSize) {
  sandbox_up_ = true;
  sandbox_.files = [](net::Exchange& exchange) {
    exchange.respond({416, {{"Content-Range", "bytes */4"}}, R"({"message":"past the end"})"});
  };
  const auto response = get("/download/" + id_ + "/a", {{"Range", "bytes=9-"}});
  EXPECT_EQ(response.status, 416);
  EXPECT_EQ(response.headers.find("Content-Range"), "bytes */4");
  EXPECT_EQ(json_of(response)["message"], "past the end");
}

TEST_F(FileRoutes, NoPathClimbsOutOfTheSandboxesFiles) {
  sandbox_up_ = true;
  bool reached = false;
  sandbox_.files = sandbox_.mcp = [&](net::Exchange& exchange) {
    reached = true;
    exchange.respond({200, {}, ""});
  };
  for (const char* path :
       {"../mcp", "..%2fmcp", "%2e%2e/mcp", "a/%2E%2E/%2e%2e/mcp", "a/./b", "%2Fetc/passwd", "a%00b"}) {
    net::test::RawClient raw(port());
    raw.send("GET /download/" + id_ + "/" + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    const int status = raw.response().status;
    EXPECT_TRUE(status == 400 || status == 404) << path << " " << status;
  }
  EXPECT_FALSE(reached);
}

TEST_F(FileRoutes, HeadOfADownloadHasTheHeadersAndNoBody) {
  sandbox_up_ = true;
  sandbox_.files = [](net::Exchange& exchange) { exchange.respond({200, {{"Content-Type", "text/plain"}}, "four"}); };
  net::test::RawClient raw(port());
  raw.send("HEAD /download/" + id_ + "/a HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto head = raw.response(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("Content-Length"), "4");
  raw.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(raw.response().status, 200) << "the connection must still be in step";
}

TEST_F(FileRoutes, ListingsPassTheirPathOn) {
  sandbox_up_ = true;
  sandbox_.files = [](net::Exchange& exchange) {
    EXPECT_EQ(exchange.request().query_param("path"), "a&b c");
    exchange.respond({200, {{"Content-Type", "text/html"}}, R"({"path":"a&b c","entries":[]})"});
  };
  const auto response = get("/session/" + id_ + "/files?path=a%26b%20c");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.find("Content-Type"), "application/json");
  EXPECT_EQ(json_of(response)["entries"], Json::array());
}

TEST_F(FileRoutes, UploadsArriveWhole) {
  sandbox_up_ = true;
  std::string received;
  sandbox_.files = [&](net::Exchange& exchange) {
    EXPECT_EQ(exchange.request().method, "PUT");
    EXPECT_EQ(exchange.request().target, "/files/dir/a.bin");
    received = exchange.read_body(16 << 20).value_or("");
    exchange.respond({201, {}, R"({"path":"dir/a.bin"})"});
  };
  std::string content;
  for (int i = 0; i < 3000000; ++i) content += static_cast<char>(i * 7);
  const auto response = send("PUT", "/session/" + id_ + "/files/dir/a.bin", content);
  EXPECT_EQ(response.status, 201) << response.body;
  EXPECT_EQ(received, content);
  EXPECT_EQ(send("PUT", "/session/" + id_ + "/files/dir/a.bin", "").status, 201);
  EXPECT_EQ(received, "");
  sandbox_.files = [](net::Exchange& exchange) {
    (void)exchange.read_body(1 << 20);
    exchange.respond({409, {}, R"({"message":"a folder is in the way"})"});
  };
  const auto conflict = send("PUT", "/session/" + id_ + "/files/dir", "x");
  EXPECT_EQ(conflict.status, 409);
  EXPECT_EQ(json_of(conflict)["message"], "a folder is in the way");
}

}  // namespace
}  // namespace ottobot::api::test
