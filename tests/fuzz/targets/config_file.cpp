// A `.env` or a config file, and what its values make of the settings.
#include "config/key_value_file.hpp"

#include "config/settings.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"

namespace ottobot::fuzz {
namespace {

using config::KeyValueLine;

std::string quoted(const KeyValueLine& pair) {
  std::string text = "export " + pair.key + " = \"";
  for (const char c : pair.value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (std::string_view("\"\\$").find(c) != std::string_view::npos) text += '\\';
    text += c;
  }
  return text + "\" # a comment\n";
}

void check_quoting(const std::vector<KeyValueLine>& pairs) {
  std::string text;
  for (const KeyValueLine& pair : pairs) text += quoted(pair);
  const auto again = config::parse_key_values(text, "again");
  require(again && again->size() == pairs.size(), "pairs that are written anew are read");
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    require((*again)[i].key == pairs[i].key && (*again)[i].value == pairs[i].value,
            "pairs that are written anew read the same");
  }
}

}  // namespace

void config_file(std::string_view input) {
  const auto pairs = config::parse_key_values(input, "file");
  if (!pairs) {
    require(pairs.error().message.find("file:") != std::string::npos, "a refusal names the line");
    return;
  }
  check_quoting(*pairs);
  config::SettingSources sources;
  sources.environment["HOME"] = "/";
  for (const KeyValueLine& pair : *pairs) sources.environment[pair.key] = pair.value;
  const auto settings = config::load_settings(sources);
  require(settings.has_value() == config::view_settings(sources).has_value(), "what can be loaded can be shown");
  if (!settings) return;
  require(settings->port >= 0 && settings->port <= 65535, "a port is one");
  require(!settings->data_dir.empty() && !settings->server_url.empty(), "what has a default is set");
}

}  // namespace ottobot::fuzz
