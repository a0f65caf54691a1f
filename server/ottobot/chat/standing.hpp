// How a session's log stands, by reading it once.
#pragma once

#include "chat/turn_book.hpp"
#include "server_client.hpp"

namespace ottobot::cli::chat {

// `path` is "/session/ID". Errors: not_found, those of the transport.
Result<Standing> find_standing(const ServerClient& client, const std::string& path, const CallContext& ctx);

}  // namespace ottobot::cli::chat
