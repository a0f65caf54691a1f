// Every seed through its target, without libFuzzer: what was found once stays mended in every preset.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

#include "fuzz/targets.hpp"

namespace ottobot::fuzz {
namespace {

namespace fs = std::filesystem;

struct Target {
  const char* name;
  void (*run)(std::string_view input);
};
void PrintTo(const Target& target, std::ostream* out) { *out << target.name; }

#define OTTOBOT_TARGET(name) \
  Target { #name, &name }
const std::vector<Target> kTargets = {OTTOBOT_TARGET(chat_frames),   OTTOBOT_TARGET(config_file),
                                      OTTOBOT_TARGET(gemini_stream), OTTOBOT_TARGET(http_chunked),
                                      OTTOBOT_TARGET(http_request),  OTTOBOT_TARGET(http_response),
                                      OTTOBOT_TARGET(http_values),   OTTOBOT_TARGET(json_pattern),
                                      OTTOBOT_TARGET(json_schema),   OTTOBOT_TARGET(mcp_message),
                                      OTTOBOT_TARGET(patch),         OTTOBOT_TARGET(rfb_client),
                                      OTTOBOT_TARGET(sse),           OTTOBOT_TARGET(websocket_frames),
                                      OTTOBOT_TARGET(zip_entries),   OTTOBOT_TARGET(zip_unpack)};
#undef OTTOBOT_TARGET

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class FuzzSeedsTest : public ::testing::TestWithParam<Target> {};

TEST_P(FuzzSeedsTest, HoldEveryProperty) {
  const Target target = GetParam();
  std::size_t count = 0;
  target.run({});
  for (const auto& seed : fs::directory_iterator(fs::path(OTTOBOT_SEEDS_DIR) / target.name)) {
    SCOPED_TRACE(seed.path().filename());
    const std::string bytes = bytes_of(seed.path());
    EXPECT_FALSE(bytes.empty());
    target.run(bytes);
    // Cut off anywhere, it may be refused, but no property may break.
    const std::size_t step = std::max<std::size_t>(1, bytes.size() / 64);
    for (std::size_t length = 0; length < bytes.size(); length += step) target.run({bytes.data(), length});
    ++count;
  }
  EXPECT_GT(count, 0u);
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzSeedsTest, ::testing::ValuesIn(kTargets),
                         [](const auto& target) { return target.param.name; });

TEST(FuzzSeedFoldersTest, EveryFolderOfSeedsHasItsTarget) {
  for (const auto& folder : fs::directory_iterator(OTTOBOT_SEEDS_DIR)) {
    const std::string name = folder.path().filename();
    EXPECT_TRUE(std::any_of(kTargets.begin(), kTargets.end(), [&](const Target& target) {
      return target.name == name;
    })) << name;
  }
}

}  // namespace
}  // namespace ottobot::fuzz
