// One connection that many threads share: what they ask goes out at once, the answers come in the same order.
//
// There is no thread behind it. A caller writes its own command, and one of those who wait reads the answers of all and
// hands that on when it has its own: a lone caller pays no switch of threads, a crowd shares the system calls.
// Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "redis/reply.hpp"
#include "redis/socket.hpp"

namespace ottobot::redis {

class Connection {
 public:
  // A command on its way.
  class Pending {
   private:
    friend class Connection;
    std::optional<Result<Reply>> answer_;
    std::condition_variable_any answered_;
    bool awaited_ = false;
    int skipped_ = 0;  // answers before its own
    SteadyTime asked_at_;
  };

  // Connects and says who we are. Errors: those of Socket::connect(), unauthenticated, permission_denied, unavailable.
  static Result<std::shared_ptr<Connection>> open(const Address& address, const RedisOptions& options,
                                                  const CallContext& ctx);
  // The same as a bare socket, for other uses.
  static Result<Socket> open_socket(const Address& address, const RedisOptions& options, const CallContext& ctx);
  Connection(Socket socket, Address address);

  bool broken() const;
  // For whoever has learnt that this server is not the one it wants: everybody's next request is for a new connection.
  void close(Error why);
  // Sends, and does not wait. Of several commands in one, the answers of the first `skipped` are dropped. Errors:
  // unavailable (broken, or it has said nothing for kSilence).
  Result<std::shared_ptr<Pending>> ask(const std::string& command, int skipped = 0);
  // The same, but it is sent with the next command, or once anybody waits: several go out as one.
  Result<std::shared_ptr<Pending>> ask_soon(const std::string& command);
  // Once per Pending. Error answers of Redis are Replies. Errors: unavailable (the connection broke: nobody knows
  // whether the command was run), cancelled, deadline_exceeded (the same).
  Result<Reply> wait(const std::shared_ptr<Pending>& pending, const CallContext& ctx);
  Result<Reply> call(const Arguments& command, const CallContext& ctx);

  // With an answer outstanding and not a byte heard for so long, nothing more is asked; for kDead, the connection is
  // given up.
  static constexpr std::chrono::milliseconds kSilence{1000};
  static constexpr std::chrono::milliseconds kDead{10'000};

 private:
  using Lock = std::unique_lock<std::mutex>;

  // For how long an answer has been waited for and nothing was heard.
  std::chrono::steady_clock::duration silence() const;
  Result<void> check_alive();
  std::shared_ptr<Pending> enqueue(const std::string& command, int skipped);
  void lead(Lock& lock, const CallContext& ctx);
  void hand_over();
  void wake_leader();
  void flush();
  void read_all();
  void take_answers();
  void give_up(Error why);

  const Address address_;
  net::UniqueFd wake_;  // an eventfd that ends the leader's poll

  mutable std::mutex mutex_;  // guards everything below
  Socket socket_;
  ReplyReader reader_;
  std::vector<char> buffer_ = std::vector<char>(64 << 10);
  std::string unsent_;
  std::deque<std::shared_ptr<Pending>> asked_;  // unanswered, oldest first
  std::size_t held_ = 0;                        // so many of the last of them are kept back, and unsent_ is all theirs
  SteadyTime heard_at_{};                       // the last byte
  bool leading_ = false;                        // a thread waits for the socket
  std::optional<Error> broken_;
};

}  // namespace ottobot::redis
