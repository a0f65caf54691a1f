// A client of one Redis server or of a Redis Cluster.
//
// Every call has an end: ctx, and kLongestCall. A call whose connection broke before its answer came is made again, as
// nobody can know whether it was run: so it must do no harm twice. A script is told that it may have been run already
// (ARGV[1] is "1", else "0"), for where its answer would be another one. Thread-safe; no thread of its own.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "redis/node.hpp"
#include "redis/server_error.hpp"
#include "redis/slots.hpp"

namespace ottobot::redis {

// Lua, run by its SHA-1. Made once for the whole program.
class Script {
 public:
  explicit Script(std::string text);
  const std::string& text() const { return text_; }
  const std::string& sha() const { return sha_; }

 private:
  std::string text_, sha_;
};

// What to run where.
class Request {
 public:
  // A command whose key is its argument number `key`.
  static Request command(Arguments arguments, std::size_t key = 1);
  // All keys are in one slot, and there is at least one. In the script, ARGV[2] is the first of `arguments`.
  static Request script(const Script& script, const Arguments& keys, Arguments arguments);
  // For what must not happen twice: an error instead.
  Request once() &&;
  // For a script that may have been run already, by an earlier call whose outcome is unknown.
  Request again() &&;

  int slot() const { return slot_; }

 private:
  friend class Client;
  void say_again();
  void send_text();

  Arguments arguments_;
  const Script* script_ = nullptr;
  std::size_t key_count_ = 0;
  int slot_ = 0;
  bool once_ = false;
};

class Client {
 public:
  // Errors: those of Connection::open().
  static Result<std::unique_ptr<Client>> connect(const RedisOptions& options);

  // Errors: unavailable, resource_exhausted (its memory or disk is full), unauthenticated, permission_denied,
  // cancelled, deadline_exceeded, internal (an error answer that means a defect of ours).
  Result<Reply> call(Request request, const CallContext& ctx);
  // A call in two parts: begin() never blocks, and what several begin goes out as one. nullopt: nothing was begun, as
  // there is no connection just now.
  class Begun;
  std::optional<Begun> begin(Request request);
  Result<Reply> finish(Begun begun, const CallContext& ctx);
  // All at once, the answers in the same order. The error of the first that failed.
  Result<std::vector<Reply>> call_all(std::vector<Request> requests, const CallContext& ctx);

  const RedisOptions& options() const { return options_; }
  // Where a key lives just now.
  Address address_of(int slot) const;
  bool is_cluster() const;
  // Asks the cluster who has which slot; `failed`, the node that made us ask, is asked last. Errors: unavailable, and
  // those of Connection::open().
  Result<void> refresh(const CallContext& ctx, const Address* failed = nullptr);

  static constexpr std::chrono::seconds kLongestCall{30};

 private:
  struct Target {
    Address address;
    bool asking = false;  // the slot is on its way to this node, which is told that we know
  };
  // A request that was sent, or why it was not.
  struct Asked {
    Target target;
    std::shared_ptr<Connection> connection;
    std::shared_ptr<Connection::Pending> pending;  // null: not sent
    Error problem;
  };

  explicit Client(RedisOptions options) : options_(std::move(options)) {}
  std::shared_ptr<Node> node_at(const Address& address);
  std::vector<Address> who_knows(const Address* failed) const;
  Result<Reply> ask_for_slots(const Address& address, const CallContext& ctx);
  Asked ask(const Request& request, Target target, const CallContext& ctx);
  Result<Reply> settle(Request& request, Asked asked, const CallContext& ctx);
  Result<Target> after_error(Request& request, std::string_view text, const Asked& asked, const CallContext& ctx);
  Target after_redirection(Redirection redirection, bool moved, const Target& asked);
  Result<Target> after_break(Request& request, const Error& problem, bool sent, const Target& asked,
                             const CallContext& ctx);

  const RedisOptions options_;
  mutable std::mutex mutex_;  // guards nodes_ and slots_
  std::map<Address, std::shared_ptr<Node>> nodes_;
  SlotTable slots_;  // empty: one server
};

class Client::Begun {
 private:
  friend class Client;
  Request request_;
  Asked asked_;
};

}  // namespace ottobot::redis
