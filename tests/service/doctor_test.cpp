#include <gtest/gtest.h>

#include "ottobot/json.hpp"
#include "program.hpp"

namespace ottobot::testing {
namespace {

const Json* find_check(const Json& report, const std::string& name) {
  for (const auto& check : report["checks"]) {
    if (get_string(check, "name") == name) return &check;
  }
  return nullptr;
}

Json report_of(const net::RunResult& result) {
  auto report = parse_json(result.out);
  EXPECT_TRUE(report) << result.out << result.err;
  return report.value_or(Json{{"checks", Json::array()}});
}

TEST(Doctor, NamesThePackageOfAMissingProgram) {
  const ProgramHome home;
  auto options = home.options({"doctor", "--json", "--port", "0"});
  (*options.env)["PATH"] = home.dir().string();
  auto result = net::run(options, with_timeout(std::chrono::seconds(60)));
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->status.code, 1);
  const auto report = report_of(*result);
  EXPECT_EQ(report["ok"], false);
  const auto* bwrap = find_check(report, "bwrap");
  ASSERT_NE(bwrap, nullptr);
  EXPECT_EQ(get_string(*bwrap, "status"), "error");
  EXPECT_EQ(get_string(*bwrap, "fix"), "apt-get install -y bubblewrap");
  const auto* desktop = find_check(report, "Xvnc");
  ASSERT_NE(desktop, nullptr);
  EXPECT_EQ(get_string(*desktop, "status"), "warning");
}

TEST(Doctor, NamesTheProcessThatHoldsThePort) {
  const ProgramHome home, other;
  auto server = RunningProgram::serve(home, {"--port", "0"});
  ASSERT_TRUE(server) << server.error().to_string();
  const auto port = (*server)->url().substr((*server)->url().rfind(':') + 1);
  auto result = other.run({"doctor", "--json", "--port", port});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status.code, 1);
  const auto report = report_of(*result);
  const auto* check = find_check(report, "port");
  ASSERT_NE(check, nullptr);
  EXPECT_NE(get_string(*check, "message").find("ottobot (pid "), std::string::npos) << check->dump();
}

TEST(Doctor, TellsAnUnreachableModelFromAMissingKey) {
  const ProgramHome home;
  auto options = home.options({"doctor", "--json", "--port", "0"});
  (*options.env)["GEMINI_API_KEY"] = "secret-key";
  (*options.env)["GEMINI_BASE_URL"] = "http://127.0.0.1:9";
  auto result = net::run(options, with_timeout(std::chrono::seconds(60)));
  ASSERT_TRUE(result);
  const auto report = report_of(*result);
  const auto* model = find_check(report, "model");
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(get_string(*model, "status"), "warning");
  EXPECT_NE(get_string(*model, "message").find("cannot be reached"), std::string::npos);
  EXPECT_EQ(result->out.find("secret-key"), std::string::npos);
}

TEST(Doctor, SaysWhoMayUseTheServer) {
  const ProgramHome home;
  const auto access_with = [&](const std::map<std::string, std::string>& settings) {
    auto options = home.options({"doctor", "--json", "--port", "0"});
    for (const auto& [name, value] : settings) (*options.env)[name] = value;
    auto result = net::run(options, with_timeout(std::chrono::seconds(60)));
    const Json report = result ? report_of(*result) : Json();
    const auto* check = find_check(report, "access");
    return check == nullptr ? std::string() : get_string(*check, "status") + ": " + get_string(*check, "message");
  };
  EXPECT_EQ(access_with({}), "ok: everyone on this machine may use the server: it asks for no API key");
  EXPECT_EQ(access_with({{"API_HOST", "0.0.0.0"}, {"OTTOBOT_AUTH", "none"}}),
            "warning: everyone who reaches 0.0.0.0 may use the server: it asks for no API key");
  EXPECT_EQ(access_with({{"OTTOBOT_API_KEYS", "ann:key"}}), "ok: the server asks for API keys");
  EXPECT_EQ(access_with({{"OTTOBOT_API_KEYS", "/nowhere/keys"}}).substr(0, 5), "error");
}

}  // namespace
}  // namespace ottobot::testing
