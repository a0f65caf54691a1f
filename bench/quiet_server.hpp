// The whole server, in a process of its own, whose sandboxes never come up: its first session keeps the only
// place of its worker, all others wait. What is measured is then the API and nothing behind it.
#pragma once

#include <string>

#include "bench/server_process.hpp"

namespace ottobot::bench {

inline constexpr const char* kServeFlag = "--serve";
inline constexpr const char* kRedisPlace = "redis:";  // and the port

// The command that runs serve_quietly(): this program with kServeFlag. To be added: its place, the data directory
// for SQLite or kRedisPlace.
ServerCommand quiet_server();
// Serves until the process is killed; for main(), when it finds kServeFlag.
int serve_quietly(const std::string& place);

}  // namespace ottobot::bench
