// An agent that uses the desktop: opens a terminal, arranges it, clicks, types, and sees on a screenshot what came of
// it. The terminal prints stripes of colours, which can be read from a picture's pixels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <regex>

#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_tools.hpp"
#include "llm/gemini_stand_in.hpp"
#include "mcp/base64.hpp"
#include "sandboxd/picture.hpp"

namespace ottobot::integration {
namespace {

using llm::scripted::Step;
using sandboxd::Colour;
using testing::GeminiStandIn;
using ::testing::IsEmpty;

constexpr int kStripes = 8;
constexpr int kLooks = 20;
// Where the pictures are read: in the terminal, which is the left half of the screen, beside the mouse pointer.
constexpr int kColumn = 300;
const Json kClick = {{"x", 500}, {"y", 500}};

// xterm's colours 1 to 6.
constexpr Colour kColours[] = {{205, 0, 0}, {0, 205, 0}, {205, 205, 0}, {0, 0, 238}, {205, 0, 205}, {0, 205, 205}};

// Digits from 1 to 6, neighbours different.
std::string random_stripes() {
  std::random_device random;
  std::string digits;
  while (digits.size() < kStripes) {
    const char digit = static_cast<char>('1' + random() % std::size(kColours));
    if (digits.empty() || digits.back() != digit) digits += digit;
  }
  return digits;
}

// What is typed does not have the colours in it: only what it prints.
std::string print_stripes(const std::string& digits) {
  return R"(printf '\e[2J\e[H'; for c in )" + std::regex_replace(digits, std::regex("."), "$& ") +
         R"(; do printf "\e[4${c}m%400s\e[0m\n"; done)"
         "\n";
}

std::string read_stripes(const sandboxd::Shot& shot) {
  std::string digits;
  for (int y = 0; y < shot.height; ++y) {
    const auto* colour = std::find(std::begin(kColours), std::end(kColours), shot.at(kColumn, y));
    if (colour == std::end(kColours)) continue;
    const char digit = static_cast<char>('1' + (colour - std::begin(kColours)));
    if (digits.empty() || digits.back() != digit) digits += digit;
  }
  return digits;
}

std::string read_stripes(const std::string& png_as_base64) {
  const auto shot = sandboxd::read_png(mcp::decode_base64(png_as_base64).value_or(""));
  return shot && shot->width > kColumn ? read_stripes(*shot) : "no picture";
}

const Json kOpen = {
    {"command", "exec xterm -T work -xrm 'xterm*allowTitleOps: false' -bg black -fg white -e bash --norc"}};
const Json kFind = {{"namePattern", "^work$"}, {"wait_s", 20}};

// The pictures of a request, in order.
std::vector<std::string> pictures_in(const Json& request) {
  std::vector<std::string> pictures;
  for (const Json& content : request["contents"]) {
    for (const Json& part : content["parts"]) {
      const Json response = part.value("functionResponse", Json::object());
      for (const Json& inner : response.value("parts", Json::array())) {
        EXPECT_EQ(inner["inlineData"]["mimeType"], "image/png");
        pictures.push_back(inner["inlineData"]["data"]);
      }
    }
  }
  return pictures;
}

// The last window that a tool told of.
std::string window_in(const Json& request) {
  const std::string text = dump_json(request["contents"]);
  const std::regex pattern(R"(id (\d+)  \\"work)");
  std::string id;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) id = (*match)[1];
  return id;
}

// Opens the terminal and prints `stripes`; looks until it sees them.
Json use_the_desktop(const std::string& stripes) {
  std::vector<Json> steps{
      step("", {call("execute_command_async", kOpen)}), step("", {call("gui_find_window", kFind)}),
      step("", {call("tile_window_left", {{"windowId", "?"}}), call("gui_activate_window", {{"windowId", "?"}})}),
      step("", {call("gui_click", kClick)}), step("", {call("gui_type", {{"text", print_stripes(stripes)}})})};
  for (int look = 0; look < kLooks; ++look) steps.push_back(step("I see them."));
  return scenario({turn(1, steps), turn(2, {step("They are still there.")})});
}

void adapt(Step& step, const Json& request, const std::string& stripes) {
  for (ToolCallPart& call : step.calls) {
    if (call.args.contains("windowId")) call.args["windowId"] = window_in(request);
  }
  if (step.text != "I see them.") return;
  const auto pictures = pictures_in(request);
  if (!pictures.empty() && read_stripes(pictures.back()) == stripes) return;
  step.text = "";
  step.calls = {{.name = "gui_screenshot", .args = Json::object()}};
}

TEST(DesktopUse, TheModelSeesWhatItsCommandPrintedAlsoAfterARestart) {
  const std::string stripes = random_stripes();
  auto model = GeminiStandIn::start(
      {use_the_desktop(stripes), 0, "test", [&](Step& step, const Json& request) { adapt(step, request, stripes); }});
  ASSERT_TRUE(model) << model.error().to_string();
  const Environment settings{{"GEMINI_BASE_URL", (*model)->base_url()},
                             {"GEMINI_API_KEY", "test"},
                             {"LLM_MODEL", "gemini:gemini-3-pro-preview"}};
  ServerProcess server(settings);
  const auto started = server.start();
  ASSERT_TRUE(started) << started.error().to_string();
  std::optional<SessionClient> client(server.url());
  const std::string id = client->create("Print stripes in a terminal");
  const Json end = client->wait_for_turn(id);
  ASSERT_EQ(get_string(end.value("data", Json()), "outcome"), "completed") << end << server.log();
  EXPECT_THAT((*model)->violations(), IsEmpty());
  const Events results = of_type(client->events(id), "tool_result");
  for (const Json& result : results) EXPECT_EQ(get_string(result["data"], "outcome"), "ok") << result;

  // It reached the model whole; the log tells its size.
  const std::string seen = pictures_in((*model)->requests().back()).back();
  EXPECT_EQ(read_stripes(seen), stripes);
  const Json before = results.back();
  const Json* image = nullptr;
  for (const Json& block : before["data"]["content"]) image = get_string(block, "type") == "image" ? &block : image;
  ASSERT_NE(image, nullptr) << before;
  EXPECT_FALSE(image->contains("data")) << *image;
  EXPECT_EQ(get_int(*image, "size_bytes"), static_cast<std::int64_t>(mcp::decode_base64(seen)->size())) << *image;

  server.kill9();
  const auto again = server.start();
  ASSERT_TRUE(again) << again.error().to_string();
  client.emplace(server.url());
  EXPECT_EQ(of_type(client->events(id), "tool_result").back(), before);
  ASSERT_TRUE(client->prompt(id, "Are they still there?"));
  const Json second = client->wait_for_turn(id, get_int(end, "seq"));
  ASSERT_EQ(get_string(second.value("data", Json()), "outcome"), "completed") << second << server.log();
  EXPECT_EQ(pictures_in((*model)->requests().back()).back(), seen);
  EXPECT_THAT((*model)->violations(), IsEmpty());
}

// The same without a model, as any MCP host does it on the session's own port.
class DesktopOverMcp : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    const SessionClient client(server_.url());
    const std::string id = client.create("Wait for me");
    ASSERT_FALSE(client.wait_for_turn(id).is_null()) << server_.log();
    auto tools = SessionTools::connect(client, id);
    ASSERT_TRUE(tools) << tools.error().to_string();
    tools_.emplace(std::move(*tools));
  }

  std::string stripes_on_screen() {
    for (const Json& block : tools_->done("gui_screenshot").content) {
      if (get_string(block, "type") == "image") return read_stripes(get_string(block, "data"));
    }
    return "no picture";
  }

  ServerProcess server_{scenario({turn(1, {step("Here.")})})};
  std::optional<SessionTools> tools_;
};

TEST_F(DesktopOverMcp, WindowsKeysAndPicturesAreThere) {
  tools_->done("execute_command_async", kOpen);
  const Json windows = tools_->done("gui_find_window", kFind).structured.value("windows", Json::array());
  ASSERT_EQ(windows.size(), 1u) << windows;
  tools_->done("tile_window_left", {{"windowId", windows[0]["id"]}});
  tools_->done("gui_activate_window", {{"windowId", windows[0]["id"]}});
  tools_->done("gui_click", kClick);
  const std::string stripes = random_stripes();
  tools_->done("gui_type", {{"text", print_stripes(stripes)}});
  std::string seen;
  EXPECT_TRUE(eventually([&] { return (seen = stripes_on_screen()) == stripes; }, std::chrono::seconds(20)))
      << seen << " instead of " << stripes;
}

}  // namespace
}  // namespace ottobot::integration
