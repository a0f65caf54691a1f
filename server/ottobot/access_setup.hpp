// Access control as `ottobot serve` sets it up: what the settings leave open is made and kept in the data directory.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "config/settings.hpp"

namespace ottobot::cli {

// Whether a server of these settings asks for keys.
bool asks_for_keys(const config::Settings& settings);
// Where a key is kept that was made because none was set.
std::filesystem::path made_keys_file(const config::Settings& settings);

struct NewKey {
  std::string key;
  std::filesystem::path file;
};

// Sets `settings.access.api_keys`: none when nobody is asked for keys, and when none are set a file in the data
// directory, which must be there. The key when the file was made now, to be shown once. Errors: those of the file
// system.
Result<std::optional<NewKey>> add_missing_key(config::Settings& settings, Logger& logger);

// Sets `settings.access.ticket_secret` unless SESSION_SECRET did: one that is kept in the data directory, so that
// tickets outlive a restart, or none with a store that does not outlive it either. Errors: those of the file system,
// data_loss.
Result<void> add_ticket_secret(config::Settings& settings, Logger& logger);

}  // namespace ottobot::cli
