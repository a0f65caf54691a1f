// The docker backend with the real ottobot-sandboxd, in an image that knows nothing of it.
#include <fstream>

#include "containers/docker_fixture.hpp"
#include "containers/sandbox_tools.hpp"
#include "net/process/unix_socket.hpp"

namespace ottobot::containers {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class DockerWithSandboxd : public DockerTest {
 protected:
  void SetUp() override {
    DockerTest::SetUp();
    if (!backend_) return;
    options_.sandboxd_path = built_program("ottobot-sandboxd");
    backend_ = make_backend(options_);
  }
  static std::string request(const std::string& line, const std::string& token, const std::string& body = {}) {
    return line + " HTTP/1.1\r\nHost: sandbox\r\nAuthorization: Bearer " + token +
           "\r\nConnection: close\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream"
           "\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  static std::string command(const Sandbox& box, const std::string& text) { return SandboxTools(box).run(text); }
};

class DockerByTlsWithSandboxd : public DockerWithSandboxd {
 protected:
  EngineKind kind() const override { return EngineKind::docker_by_tls; }
};

TEST_F(DockerWithSandboxd, ServesItsWorkspaceToTheHolderOfTheTokenOnly) {
  const Sandbox box = launched(params());
  EXPECT_THAT(ask(box.endpoint, request("PUT /files/hello.txt", box.endpoint.token, "hi")), StartsWith("HTTP/1.1 201"));
  std::string text;
  std::getline(std::ifstream(sandbox_folder() + "/workspace/hello.txt") >> std::ws, text);
  EXPECT_EQ(text, "hi");
  EXPECT_THAT(ask(box.endpoint, request("GET /files/hello.txt", box.endpoint.token)), HasSubstr("\r\n\r\nhi"));
  EXPECT_THAT(ask(box.endpoint, request("GET /files/hello.txt", "wrong")), StartsWith("HTTP/1.1 401"));
}

TEST_F(DockerWithSandboxd, ItsToolsRunInTheImage) {
  const Sandbox box = launched(params());
  EXPECT_THAT(command(box, "pwd; id -u; echo $HOME; touch file && ls"),
              HasSubstr("/workspace\\n1000\\n/home/developer\\nfile"));
}

TEST_F(DockerWithSandboxd, ItsTokenIsInNothingThatACommandCanRead) {
  const Sandbox box = launched(params());
  EXPECT_THAT(command(box, "env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\\0' '\\n'"),
              Not(HasSubstr(box.endpoint.token)));
}

TEST_F(DockerWithSandboxd, AnImageWithoutADesktopSaysSoAndItsToolsWork) {
  LaunchParams wanted = params();
  wanted.desktop = true;
  const Sandbox box = launched(wanted);
  const auto desktop = net::open_raw_stream(box.endpoint, "/rfb", "rfb", ctx());
  ASSERT_FALSE(desktop);
  EXPECT_THAT(desktop.error().message, HasSubstr("Xvnc"));
  EXPECT_THAT(command(box, "echo works"), HasSubstr("works"));
}

TEST_F(DockerWithSandboxd, EndsPolitelyWhenStopped) {
  launched(params());
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(backend_->stop("box", std::chrono::seconds(20), ctx()));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(8));
}

TEST_F(DockerByTlsWithSandboxd, IsPutIntoAContainerOfAnEngineElsewhere) {
  const Sandbox first = launched(params());
  EXPECT_THAT(first.endpoint.url, StartsWith("http://127.0.0.1:"));
  EXPECT_THAT(command(first, "echo kept > file && ls -ld /workspace /opt/ottobot/*"), HasSubstr("\"exit_code\":0"));
  EXPECT_THAT(command(first, "echo x > /opt/ottobot/ottobot-sandboxd || echo x > /opt/ottobot/x"),
              HasSubstr("\"exit_code\":1"));
  ASSERT_TRUE(backend_->stop("box", std::chrono::milliseconds(500), ctx()));
  EXPECT_THAT(command(launched(params()), "cat file"), HasSubstr("kept"));
}

}  // namespace
}  // namespace ottobot::containers
