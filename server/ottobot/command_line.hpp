// What the commands' options have in common.
#pragma once

#include <initializer_list>
#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "config/settings.hpp"

namespace ottobot::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitError = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInterrupted = 130;

struct SettingFlags {
  std::map<std::string, std::string> values;  // by the settings' names
  std::string config_file;
};

// --config and the flags of these settings. `flags` is borrowed until `command` was parsed.
void add_setting_flags(CLI::App& command, SettingFlags& flags, std::initializer_list<const char*> names);

config::SettingSources setting_sources(const SettingFlags& flags);
Result<config::Settings> load_settings(const SettingFlags& flags);

// "error: what (hint)" on stderr; returns kExitError.
int report(const Error& error);

}  // namespace ottobot::cli
