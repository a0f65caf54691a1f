#include <set>

#include "api/api_fixture.hpp"

namespace ottobot::api::test {
namespace {

class Docs : public ApiTest {
 protected:
  Json description() { return json_of(get("/openapi.json")); }
};

// "/a/:id/*path" → "/a/{id}/{path}"
std::string in_openapi(const std::string& pattern) {
  std::string path;
  bool in_name = false;
  for (const char c : pattern) {
    if (c == '/' && in_name) path += '}';
    if (c == '/') in_name = false;
    if (c == ':' || c == '*') {
      in_name = true;
      path += '{';
    } else {
      path += c;
    }
  }
  return in_name ? path + '}' : path;
}

TEST_F(Docs, DescribeEveryRouteAndNoOther) {
  std::set<std::string> answered;
  for (const RouteName& route : api_->routes()) answered.insert(route.method + " " + in_openapi(route.pattern));
  std::set<std::string> described;
  const Json document = description();
  for (const auto& [path, item] : document["paths"].items()) {
    for (const char* method : {"GET", "POST", "PUT", "DELETE", "PATCH"}) {
      std::string key = method;
      std::transform(key.begin(), key.end(), key.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
      if (item.contains(key)) described.insert(std::string(method) + " " + path);
    }
  }
  EXPECT_EQ(described, answered);
  EXPECT_GT(described.size(), 15u);
}

TEST_F(Docs, KnowEveryTypeOfEvent) {
  const Json types = description()["components"]["schemas"]["Event"]["discriminator"]["mapping"];
  for (int type = 0; type <= static_cast<int>(EventType::log); ++type) {
    EXPECT_TRUE(types.contains(std::string(to_string(static_cast<EventType>(type))))) << type;
  }
}

TEST_F(Docs, CarryTheRunningVersion) { EXPECT_EQ(description()["info"]["version"], "1.2.3"); }

TEST_F(Docs, ThePageNeedsNothingFromElsewhere) {
  const auto page = get("/docs");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.find("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.body.find("http://"), std::string::npos);
  EXPECT_EQ(page.body.find("https://"), std::string::npos);
  EXPECT_NE(page.body.find("</script>"), std::string::npos) << "it is whole";
  const auto swagger = get("/swagger");
  EXPECT_EQ(swagger.status, 302);
  EXPECT_EQ(swagger.headers.find("Location"), "docs");
}

}  // namespace
}  // namespace ottobot::api::test
