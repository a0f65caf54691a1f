// Sessions that have had their turns and wait for a prompt, as a busy store is full of.
#pragma once

#include <string>
#include <vector>

#include "ottobot/session_store.hpp"

namespace ottobot::bench {

// `threads` at a time. Their ids.
std::vector<std::string> store_sessions(SessionStore& store, int sessions, int events, int threads = 1);

}  // namespace ottobot::bench
