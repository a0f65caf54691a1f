// gemini_stand_in --port N --scenario FILE [--key KEY]: the stand-in as a program. Prints its URL, ends with its input.
#include <fstream>
#include <iostream>
#include <iterator>

#include "llm/gemini_stand_in.hpp"

namespace {

int complain(const std::string& text) {
  std::cerr << "gemini_stand_in: " << text << "\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  ottobot::testing::GeminiStandInOptions options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i], value = argv[i + 1];
    if (flag == "--port") {
      options.port = std::atoi(value.c_str());
    } else if (flag == "--key") {
      options.api_key = value;
    } else if (flag == "--scenario") {
      std::ifstream file(value);
      const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
      auto scenario = ottobot::parse_json(text);
      if (!scenario) return complain(value + ": " + scenario.error().to_string());
      options.scenario = std::move(*scenario);
    } else {
      return complain("unknown option " + flag);
    }
  }
  auto stand_in = ottobot::testing::GeminiStandIn::start(options);
  if (!stand_in) return complain(stand_in.error().to_string());
  std::cout << "gemini stand-in listening on " << (*stand_in)->base_url() << std::endl;
  std::string ignored;
  while (std::getline(std::cin, ignored)) {
  }
  return 0;
}
