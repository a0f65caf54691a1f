// One row per setting: its name, the command line's flag for it if it has one, and how its value is read.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "config/settings.hpp"

namespace ottobot::config {

enum class SettingUse {
  used,     // it has an effect
  checked,  // a name of the documented service that nothing in this build looks at: its form is checked all the same
};

struct SettingRow {
  std::string_view name;
  std::string_view flag;   // "--port"; empty if there is none
  std::string_view usual;  // the default as it would be written; empty when there is none or it depends
  std::string_view example;
  // The Failure's message is the accepted form.
  std::function<Result<void>(Settings& settings, const std::string& value)> read;
  SettingUse use = SettingUse::used;
  bool secret = false;  // never shown
};

// Sorted by name.
std::span<const SettingRow> setting_table();
const SettingRow* find_setting(std::string_view name);

}  // namespace ottobot::config
