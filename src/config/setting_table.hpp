// One row per setting: its name, the command line's flag for it if it has one, and how its value is read.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "config/settings.hpp"

namespace ottobot::config {

struct SettingRow {
  std::string_view name;
  std::string_view flag;  // "--port"; empty if there is none
  // The Failure's message is the accepted form.
  std::function<Result<void>(Settings& settings, const std::string& value)> read;
};

std::span<const SettingRow> setting_table();
const SettingRow* find_setting(std::string_view name);

// Names of the documented service that nothing in this build looks at; setting one in a file is worth a warning.
bool is_unused_setting(std::string_view name);
// Names that promise protection which this build does not give: setting one must not pass silently.
bool is_refused_setting(std::string_view name);

}  // namespace ottobot::config
