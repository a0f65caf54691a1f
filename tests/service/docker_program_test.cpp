// The program with `--backend docker`, over the engine of the test run.
#include <fstream>

#include "containers/docker_fixture.hpp"
#include "program.hpp"
#include "skip.hpp"

namespace ottobot::testing {
namespace {

using containers::EngineKind;

class DockerProgram : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto engine = containers::engine_options(EngineKind::docker);
    if (!engine) OTTOBOT_SKIP_UNLESS_CI(containers::missing_engine());
    host_ = engine->host;
  }
  net::SpawnOptions options(std::vector<std::string> arguments) const {
    auto options = home_.options(std::move(arguments));
    (*options.env)["DOCKER_HOST"] = host_;
    (*options.env)["AGENT_IMAGE"] = containers::kTestImage;
    (*options.env)["CONTAINER_MEMORY_LIMIT"] = "256m";
    return options;
  }
  static net::RunResult run(const net::SpawnOptions& options) {
    auto result = net::run(options, with_timeout(std::chrono::seconds(100)));
    EXPECT_TRUE(result) << result.error().to_string();
    return result.value_or(net::RunResult{});
  }
  static std::string finding(const net::RunResult& doctor, const std::string& name) {
    const auto report = parse_json(doctor.out);
    if (!report) return doctor.out + doctor.err;
    for (const auto& check : (*report)["checks"]) {
      if (get_string(check, "name") == name) {
        return get_string(check, "status") + ": " + get_string(check, "message") + " | " + get_string(check, "fix");
      }
    }
    return {};
  }

  const ProgramHome home_;
  std::string host_;
};

TEST_F(DockerProgram, ATurnRunsInAContainerAndItsFilesComeOut) {
  const auto scenario = home_.dir() / "work.json";
  std::ofstream(scenario) << R"({"turns": [{"steps": [
    {"tool_calls": [{"name": "write_file", "args": {"path": "hello.sh", "content": "echo from $(hostname) in $PWD"}}]},
    {"tool_calls": [{"name": "execute_command", "args": {"command": "sh hello.sh > said"}}]},
    {"text": "done"}]}]})";
  const auto result = run(
      options({"run", "work", "--backend", "docker", "--model", "scripted:" + scenario.string(), "--out", "project"}));
  ASSERT_EQ(result.status.code, 0) << result.out << result.err;
  std::string said;
  std::getline(std::ifstream(home_.dir() / "project/said") >> std::ws, said);
  EXPECT_EQ(said, "from ottobot in /workspace");
  EXPECT_TRUE(std::filesystem::is_empty(home_.dir() / "data/runs"));
}

TEST_F(DockerProgram, TheEngineIsTakenByItselfWhereItHasTheImage) {
  auto with_image = options({"doctor", "--json", "--port", "0"});
  EXPECT_EQ(finding(run(with_image), "backend"), "ok: the backend docker works | ");
  (*with_image.env)["AGENT_IMAGE"] = "ottobot-no-such-image:1";
  EXPECT_EQ(finding(run(with_image), "backend"), "ok: the backend local works | ");
}

TEST_F(DockerProgram, DoctorNamesWhatMendsAMissingEngineOrImage) {
  auto doctor = options({"doctor", "--json", "--port", "0", "--backend", "docker"});
  (*doctor.env)["AGENT_IMAGE"] = "ottobot-no-such-image:1";
  auto result = run(doctor);
  EXPECT_EQ(result.status.code, 1);
  EXPECT_EQ(finding(result, "docker"), "ok: a container engine answers | ");
  EXPECT_EQ(finding(result, "image"),
            "error: the container engine has no image ottobot-no-such-image:1 | docker pull ottobot-no-such-image:1");
  (*doctor.env)["AGENT_IMAGE"] = "";
  EXPECT_EQ(finding(run(doctor), "image").rfind("ok: sandboxes are made of the image ottobot-agent:", 0), 0u);
  (*doctor.env)["DOCKER_HOST"] = "unix://" + home_.dir().string() + "/none.sock";
  result = run(doctor);
  EXPECT_EQ(result.status.code, 1);
  EXPECT_EQ(finding(result, "docker").rfind("error: no container engine answers at unix:///", 0), 0u)
      << finding(result, "docker");
  EXPECT_NE(finding(result, "docker").find("systemctl start docker"), std::string::npos);
}

}  // namespace
}  // namespace ottobot::testing
