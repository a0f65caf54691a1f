// The local backend with the real ottobot-sandboxd in it.
#include <filesystem>
#include <fstream>

#include "containers/local_fixture.hpp"

namespace ottobot::containers {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class LocalWithSandboxd : public SandboxdTest {
 protected:
  static std::string request(const std::string& line, const std::string& token, const std::string& body = {}) {
    return line + " HTTP/1.1\r\nHost: sandbox\r\nAuthorization: Bearer " + token +
           "\r\nConnection: close\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream"
           "\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }
};

TEST_F(LocalWithSandboxd, ServesItsWorkspaceToTheHolderOfTheTokenOnly) {
  const Sandbox box = launched(params());
  EXPECT_THAT(ask(box.endpoint, request("PUT /files/hello.txt", box.endpoint.token, "hi")), StartsWith("HTTP/1.1 201"));
  std::string text;
  std::getline(std::ifstream(sandbox_folder() + "/workspace/hello.txt") >> std::ws, text);
  EXPECT_EQ(text, "hi");
  EXPECT_THAT(ask(box.endpoint, request("GET /files/hello.txt", box.endpoint.token)), HasSubstr("\r\n\r\nhi"));
  EXPECT_THAT(ask(box.endpoint, request("GET /files/hello.txt", "wrong")), StartsWith("HTTP/1.1 401"));
}

TEST_F(LocalWithSandboxd, EndsPolitelyWhenStopped) {
  launched(params());
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(backend_->stop("box", std::chrono::seconds(20), ctx()));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

}  // namespace
}  // namespace ottobot::containers
