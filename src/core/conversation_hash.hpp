// The hash that a conversation has with one message more. Pure function.
#pragma once

#include <string>

#include "ottobot/message.hpp"

namespace ottobot::core {

// SHA-256 as hex over `previous`, the hash of all messages before ("" for none), and `message`, all of it.
std::string conversation_hash(const std::string& previous, const Message& message);

}  // namespace ottobot::core
