// Tool calls that want too much, through the session's MCP port and through the model.
#include <filesystem>

#include "hostile/hostile_fixture.hpp"
#include "integration/scenario.hpp"
#include "ottobot/mcp/client.hpp"
#include "ottobot/mcp/transports.hpp"

namespace ottobot::hostile {
namespace {

namespace fs = std::filesystem;
using namespace integration;
using namespace std::chrono_literals;
using namespace std::string_literals;

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t n = 0; n < times; ++n) all += text;
  return all;
}

struct BadMessage {
  std::string name;
  std::string body;
};

std::vector<BadMessage> bad_messages() {
  const auto calling = [](const std::string& params) {
    return R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":)" + params + "}";
  };
  const std::string epoch = R"("ottobot\/epoch":9007199254740992)";
  return {
      {"nothing", ""},
      {"no JSON", "hello"},
      {"no UTF-8", "\xff\xfe"},
      {"a NUL", "{\0}"s},
      {"deep JSON", std::string(100'000, '[')},
      {"deep objects", repeated("{\"a\":", 50'000)},
      {"an empty batch", "[]"},
      {"a batch of batches", repeated("[", 20) + repeated("]", 20)},
      {"no method", R"({"jsonrpc":"2.0","id":1})"},
      {"an unknown method", R"({"jsonrpc":"2.0","id":1,"method":"sudo"})"},
      {"another protocol", R"({"jsonrpc":"1.0","id":1,"method":"ping"})"},
      {"an id that is an object", R"({"jsonrpc":"2.0","id":{},"method":"ping"})"},
      {"no parameters", calling("null")},
      {"an unknown tool", calling(R"({"name":"sudo","arguments":{}})")},
      {"no arguments", calling(R"({"name":"read_file"})")},
      {"arguments of another type", calling(R"({"name":"read_file","arguments":[1]})")},
      {"a path of another type", calling(R"({"name":"read_file","arguments":{"path":{}}})")},
      {"a wrong call id", calling(R"({"name":"list_files","arguments":{},"_meta":{"ottobot/call-id":5}})")},
      {"another's epoch", calling(R"({"name":"list_files","arguments":{},"_meta":{)" + epoch + "}}")},
      {"eight megabytes of brackets", "[" + repeated("[],", 2'700'000) + "[]]"},
  };
}

struct BadCall {
  std::string name;
  std::string tool;
  Json args;
};

std::vector<BadCall> bad_calls() {
  return {
      {"parent", "read_file", {{"path", "../../etc/passwd"}}},
      {"absolute", "read_file", {{"path", "/etc/passwd"}}},
      {"a link out", "read_file", {{"path", "out"}}},
      {"a link to the root", "read_file", {{"path", "root/etc/passwd"}}},
      {"a link to itself", "read_file", {{"path", "loop"}}},
      {"a pipe", "read_file", {{"path", "pipe"}}},
      {"a device", "read_file", {{"path", "/dev/zero"}}},
      {"a NUL", "read_file", {{"path", "own.txt\0.png"s}}},
      {"a path of a mebibyte", "read_file", {{"path", std::string(1 << 20, 'a')}}},
      {"a folder", "read_file", {{"path", "folder"}}},
      {"a write outside", "write_file", {{"path", "../escaped"}, {"content", "x"}}},
      {"a write through a link", "write_file", {{"path", "root/tmp/escaped"}, {"content", "x"}}},
      {"a write to a pipe", "write_file", {{"path", "pipe"}, {"content", "x"}}},
      {"a delete of the workspace", "delete_file", {{"path", "."}}},
      {"a delete outside", "delete_file", {{"path", "../../tmp"}}},
      {"a folder outside", "create_directory", {{"path", "/etc/escaped"}}},
      {"a listing outside", "list_files", {{"path", "root/etc"}}},
      {"a search outside", "search_files", {{"pattern", "root"}, {"path", "root/etc"}}},
      {"a pattern that is none", "search_files", {{"pattern", "("}}},
      {"a command with a NUL", "execute_command", {{"command", "true\0false"s}}},
      {"a command elsewhere", "execute_command", {{"command", "true"}, {"cwd", "../.."}}},
      {"an unknown process", "read_process", {{"process_id", "p999"}}},
      {"the first process", "kill_process", {{"pid", 1}}},
      {"all processes", "kill_process", {{"pid", -1}}},
      {"a patch that is none", "apply_patch", {{"patch", repeated("@@", 10'000)}}},
  };
}

class BadToolCalls : public HostileTest {
 protected:
  static net::HttpResponse post(const std::string& body) {
    net::HttpRequest request;
    request.method = "POST";
    request.url = mcp_url();
    request.headers = {{"Content-Type", "application/json"},
                       {"Accept", "application/json, text/event-stream"},
                       {"MCP-Protocol-Version", "2025-11-25"}};
    request.body = body;
    auto http = net::make_http_client();
    if (!http) return {};
    return (*http)->fetch(request, with_timeout(30s)).value_or(net::HttpResponse{});
  }
  static std::string mcp_url() { return "http://127.0.0.1:" + std::to_string(port_of("mcp_port")) + "/mcp"; }

  static std::unique_ptr<mcp::Client> tools() {
    const std::string url = mcp_url();
    auto transport = mcp::make_http_transport({Endpoint{url.substr(0, url.rfind('/')), "", std::nullopt}});
    EXPECT_TRUE(transport) << transport.error().to_string();
    auto connected = mcp::Client::connect(std::move(*transport), {}, with_timeout(20s));
    EXPECT_TRUE(connected) << connected.error().to_string();
    return connected ? std::move(*connected) : nullptr;
  }
  static mcp::CallToolResult use(mcp::Client& tools, const std::string& tool, const Json& args, const Json& meta = {}) {
    mcp::CallOptions options;
    if (!meta.is_null()) options.meta = meta;
    auto result = tools.call_tool(tool, args, options, with_timeout(120s));
    return result ? std::move(*result) : mcp::error_result(result.error().to_string());
  }
  static mcp::CallToolResult run(mcp::Client& tools, const std::string& command) {
    return use(tools, "execute_command", {{"command", command}, {"timeout_s", 100}});
  }
};

TEST_F(BadToolCalls, MessagesThatAreNoneAreRefused) {
  expect_nothing_left_by([] {
    for (const BadMessage& bad : bad_messages()) {
      SCOPED_TRACE(bad.name);
      const auto answer = post(bad.body);
      const Json body = parse_json(answer.body).value_or(Json());
      const bool told = answer.status >= 400 && answer.status < 500;
      EXPECT_TRUE(told || body.contains("error") || body.contains("result")) << answer.status << answer.body;
      EXPECT_NE(answer.status, 0);
      EXPECT_NE(answer.status, 500);
    }
    EXPECT_EQ(post(std::string((16 << 20) + 1, ' ')).status, 413);
  });
}

TEST_F(BadToolCalls, CallsThatWantTooMuchAreErrorsOfTheirOwn) {
  expect_nothing_left_by([] {
    const auto connected = tools();
    ASSERT_TRUE(connected);
    for (const BadCall& bad : bad_calls()) {
      SCOPED_TRACE(bad.name);
      const auto result = use(*connected, bad.tool, bad.args);
      EXPECT_TRUE(result.is_error) << dump_json(result.content);
      EXPECT_EQ(dump_json(result.content).find("root:x:0"), std::string::npos);
    }
  });
}

TEST_F(BadToolCalls, TwoGigabytesOfOutputCostNeitherMemoryNorDisk) {
  std::string amount = "64M";  // of the first round
  expect_nothing_left_by([&] {
    const auto connected = tools();
    ASSERT_TRUE(connected);
    const auto before = vital_signs(server().pid());
    const auto free_before = fs::space(server().data_dir()).available;
    const auto result = run(*connected, "head -c " + std::exchange(amount, "2G") + " /dev/zero");
    EXPECT_EQ(get_int(result.structured, "exit_code", -1), 0) << dump_json(result.content).substr(0, 2000);
    EXPECT_EQ(result.structured.value("clipped", false), true);
    EXPECT_LT(get_string(result.structured, "stdout").size(), 64U << 10);
    EXPECT_LT(vital_signs(server().pid()).resident_kib, before.resident_kib + (32 << 10));
    EXPECT_GT(fs::space(server().data_dir()).available + (1U << 30), free_before);
  });
}

TEST_F(BadToolCalls, AFullScratchFolderIsAnErrorOfTheCommandThatFilledIt) {
  expect_nothing_left_by([] {
    const auto connected = tools();
    ASSERT_TRUE(connected);
    const auto filled = run(*connected, "head -c 8G /dev/zero > /tmp/filler");
    EXPECT_NE(get_int(filled.structured, "exit_code"), 0) << dump_json(filled.content);
    const auto alive = run(*connected, "rm /tmp/filler; echo alive");
    EXPECT_EQ(get_string(alive.structured, "stdout"), "alive\n") << dump_json(alive.content);
  });
}

TEST_F(BadToolCalls, CallIdsOfOthersDoNotFillTheJournalForTheModel) {
  const auto connected = tools();
  ASSERT_TRUE(connected);
  for (int n = 0; n < 11'000; ++n) {
    const auto result =
        use(*connected, "read_file", {{"path", "own.txt"}}, {{"ottobot/call-id", "id-" + std::to_string(n)}});
    ASSERT_FALSE(result.is_error) << n << dump_json(result.content);
  }
  expect_service();
}

TEST_F(BadToolCalls, ManyLongCallsOfOneSessionLeaveRoomForTheRest) {
  expect_nothing_left_by([] {
    const auto connected = tools();
    ASSERT_TRUE(connected);
    std::vector<std::thread> callers;
    std::atomic<int> served{0}, refused{0};
    for (int n = 0; n < 40; ++n) {
      callers.emplace_back([&] { ++(run(*connected, "sleep 3").is_error ? refused : served); });
    }
    EXPECT_TRUE(eventually([&] { return refused > 0; }, 10s));
    EXPECT_TRUE(is_healthy());
    EXPECT_FALSE(client().get("/session/" + session()).is_null());
    for (std::thread& caller : callers) caller.join();
    EXPECT_GE(served, 8);
    EXPECT_GE(refused, 8);
  });
}

}  // namespace
}  // namespace ottobot::hostile
