#include "command_line.hpp"

#include <iostream>

#include "config/setting_table.hpp"

namespace ottobot::cli {
namespace {

const std::map<std::string, std::string>& help_texts() {
  static const std::map<std::string, std::string> texts{
      {"API_HOST", "address to listen on (default 127.0.0.1)"},
      {"API_PORT", "port to listen on, 0 for any free one (default 3000)"},
      {"LLM_MODEL", "model as PROVIDER:MODEL, such as gemini:gemini-2.5-pro or scripted:demo"},
      {"LOG_FORMAT", "json or text"},
      {"LOG_LEVEL", "trace, debug, info, warn, error or off"},
      {"MODE", "what this process does: all, api or worker"},
      {"OTTOBOT_API_KEY", "key of the server, better set in the environment"},
      {"OTTOBOT_BACKEND", "what runs sandboxes: auto, docker or local"},
      {"OTTOBOT_CA_FILE", "file of CA certificates (PEM) that are trusted besides the system's"},
      {"OTTOBOT_DATA_DIR", "where sessions and workspaces are kept"},
      {"OTTOBOT_QUEUE", "memory, or redis with that store"},
      {"OTTOBOT_SANDBOXD", "the ottobot-sandboxd program (default: beside this one)"},
      {"OTTOBOT_STORE", "sqlite, redis, or memory to keep nothing"},
      {"OTTOBOT_TLS_CERT", "certificate (PEM, with its chain): https instead of http; needs --tls-key"},
      {"OTTOBOT_TLS_KEY", "its private key (PEM)"},
      {"OTTOBOT_URL", "the server (default http://127.0.0.1:3000)"},
  };
  return texts;
}

}  // namespace

void add_setting_flags(CLI::App& command, SettingFlags& flags, std::initializer_list<const char*> names) {
  command.add_option("--config", flags.config_file, "file of NAME=VALUE lines, see docs/configuration.md")
      ->type_name("FILE");
  for (const char* name : names) {
    const auto* row = config::find_setting(name);
    command
        .add_option_function<std::string>(
            std::string(row->flag), [&flags, name](const std::string& value) { flags.values[name] = value; },
            help_texts().at(name) + " [" + name + "]")
        ->type_name("VALUE");
  }
}

config::SettingSources setting_sources(const SettingFlags& flags) {
  return config::process_sources(flags.values, flags.config_file);
}

Result<config::Settings> load_settings(const SettingFlags& flags) {
  return config::load_settings(setting_sources(flags));
}

int report(const Error& error) {
  std::cerr << "error: " << error.message << "\n";
  for (const auto& detail : error.details) std::cerr << "  " << detail.field << ": " << detail.message << "\n";
  if (!error.hint.empty()) std::cerr << "hint: " << error.hint << "\n";
  return kExitError;
}

}  // namespace ottobot::cli
