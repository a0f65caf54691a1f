// LogFollower: the log lines of a session on a server, the last ones and then live, each once. One thread.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "ottobot/event.hpp"
#include "server_client.hpp"

namespace ottobot::cli {

class LogFollower {
 public:
  // `client` is borrowed.
  LogFollower(const ServerClient& client, std::string session_id)
      : client_(client), session_id_(std::move(session_id)) {}

  // The last `count` lines so far. Errors: not_found, those of the transport.
  Result<std::deque<Json>> last_lines(std::size_t count, const CallContext& ctx);
  // Those behind last_lines(), as they come; connects again when the server goes away for a while. Returns when the
  // session is over for good. Errors: not_found, unavailable (nobody there for a minute), cancelled.
  Result<void> follow(const std::function<void(const Json& line)>& on_line, const CallContext& ctx);

 private:
  class Sink;
  bool take(const Json& event);
  Result<bool> is_over(const CallContext& ctx) const;

  const ServerClient& client_;
  const std::string session_id_;
  Seq after_ = 0;
};

}  // namespace ottobot::cli
