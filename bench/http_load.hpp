// A load generator for keep-alive HTTP/1.1 servers on loopback: one thread, as many requests in flight as connections.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "net/unique_fd.hpp"
#include "ottobot/error.hpp"

namespace ottobot::bench {

struct LoadParams {
  int port = 0;
  int connections = 1;
  std::chrono::milliseconds duration{1000};
  // The whole request, head and body; called once for each.
  std::function<std::string()> next_request;
  // Every answer must contain it: a server that answers errors quickly is not quick.
  std::string expected;
};

// Requests answered. Errors: unavailable (no connection, cut off), internal (an answer that is not what was asked for).
Result<std::int64_t> run_load(const LoadParams& params);

// Errors: unavailable.
Result<net::UniqueFd> connect_loopback(int port);
Result<void> send_all(int fd, const std::string& bytes);

// One request on a connection where nothing else is under way; the whole answer.
Result<std::string> ask(int fd, const std::string& request);
// The same on a connection of its own.
Result<std::string> ask_once(int port, const std::string& request);

// Creates a session of ours, or ends the program; its id.
std::string create_session(int port);

}  // namespace ottobot::bench
