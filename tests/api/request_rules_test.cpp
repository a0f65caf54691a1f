// What holds for every request, whatever it asks for.
#include "api/api_fixture.hpp"
#include "net/raw_client.hpp"

namespace ottobot::api::test {
namespace {

class RequestRules : public ApiTest {
 protected:
  std::string only_field(const net::HttpResponse& response) {
    const Json body = json_of(response);
    const Json details = body.value("details", Json::array());
    return details.size() == 1 ? get_string(details[0], "field") : response.body;
  }
};

TEST_F(RequestRules, AQueryParameterGivenTwiceOrBrokenIs400AndNamed) {
  for (const char* query : {"limit=5&limit=6", "limit=%zz", "limit=5%00", "li%6dit=1&limit=2", "limit=%ff"}) {
    const auto response = get(std::string("/session?") + query);
    EXPECT_EQ(response.status, 400) << query;
    EXPECT_EQ(only_field(response), "limit") << query;
  }
  const std::string id = create_session();
  EXPECT_EQ(only_field(get("/session/" + id + "/events?after=1&after=2")), "after");
  EXPECT_EQ(get("/session?cachebuster=17&limit=1").status, 200) << "what we do not know is none of our business";
}

TEST_F(RequestRules, NulIsRefusedByItsNameWhereverAPathIsGiven) {
  const std::string id = create_session();
  for (const std::string& target : {"/session/" + id + "/files?path=%00", "/session/" + id + "/files?path=a%00b",
                                    "/download/" + id + "/a%00b"}) {
    const auto response = get(target);
    EXPECT_EQ(response.status, 400) << target;
    EXPECT_EQ(get_string(json_of(response), "message"), "path: must not contain NUL") << target;
  }
  EXPECT_EQ(get_string(json_of(get("/download/" + id + "/a%zz")), "message"), "path: has a broken %-escape");
  EXPECT_EQ(get("/session/%00").status, 404) << "no session has that name";
}

TEST_F(RequestRules, OneSlashTooManyAtTheEndDoesNoHarm) {
  const std::string id = create_session();
  EXPECT_EQ(json_of(get("/session/" + id + "/"))["session_id"], id);
  EXPECT_EQ(json_of(get("/session/"))["total"], 1);
  EXPECT_EQ(get("/session//").status, 404);
}

TEST_F(RequestRules, MalformedJsonIsToldWithoutTheParsersOwnWords) {
  for (const char* body : {R"({"initial_prompt":"x","timeout":1e400})", "{\"initial_prompt\":\"\xff\"}", "", "nul"}) {
    const auto response = send("POST", "/session", body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(response.body.find("exception"), std::string::npos) << response.body;
    EXPECT_FALSE(get_string(json_of(response), "hint").empty()) << response.body;
  }
}

TEST_F(RequestRules, AWholeNumberMayBeWrittenWithAFraction) {
  EXPECT_EQ(send("POST", "/session", R"({"initial_prompt":"x","timeout":600.0})").status, 201);
  EXPECT_EQ(only_field(send("POST", "/session", R"({"initial_prompt":"x","timeout":1e300})")), "timeout");
}

TEST_F(RequestRules, AnImageIsAName) {
  EXPECT_EQ(send("POST", "/session", R"({"initial_prompt":"x","image":"registry.example:5000/a/b:1.2"})").status, 201);
  for (const char* image : {"../../etc", "-v", "a b", "a\\u0000b", "a;b"}) {
    const auto response = send("POST", "/session", std::string(R"({"initial_prompt":"x","image":")") + image + "\"}");
    EXPECT_EQ(response.status, 400) << image;
    EXPECT_EQ(only_field(response), "image") << response.body;
  }
}

TEST_F(RequestRules, AnswersSayThatTheyDependOnTheOrigin) {
  EXPECT_EQ(get("/health").headers.find("Vary"), "Origin");
  const auto foreign = get("/health", {{"Origin", "http://evil.example"}});
  EXPECT_EQ(foreign.headers.find("Vary"), "Origin");
  EXPECT_FALSE(foreign.headers.find("Access-Control-Allow-Origin"));
  EXPECT_EQ(get("/nothing", {{"Origin", "http://friend.example"}}).headers.find("Access-Control-Allow-Origin"),
            "http://friend.example");
}

TEST_F(RequestRules, APageOfAForeignSiteChangesNothing) {
  const net::Headers foreign{{"Origin", "http://evil.example"}, {"Sec-Fetch-Site", "cross-site"}};
  const auto refused = send("POST", "/session", R"({"initial_prompt":"x"})", foreign);
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(get_string(json_of(refused), "hint").find("CORS_ORIGINS"), std::string::npos);
  EXPECT_EQ(get("/session", foreign).status, 200) << "the browser keeps the answer from the page";
  EXPECT_EQ(send("POST", "/session", R"({"initial_prompt":"x"})",
                 {{"Origin", "http://friend.example"}, {"Sec-Fetch-Site", "cross-site"}})
                .status,
            201);
  EXPECT_EQ(send("POST", "/session", R"({"initial_prompt":"x"})", {{"Sec-Fetch-Site", "same-origin"}}).status, 201);
}

TEST_F(RequestRules, OptionsAsksAboutARouteOrTheWholeServer) {
  net::test::RawClient raw(port());
  raw.send("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto whole = raw.response();
  EXPECT_EQ(whole.status, 204);
  EXPECT_NE(whole.field("Allow").find("GET"), std::string::npos);
  raw.send("OPTIONS /session HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(raw.response().field("Allow"), "POST, GET, HEAD, OPTIONS");
}

}  // namespace
}  // namespace ottobot::api::test
