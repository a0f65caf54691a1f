// ChatFeed: the chat socket of a session, connected again whenever it breaks, without losing or repeating a frame.
//
// A thread of its own receives; the owner is woken by a descriptor, so that it can wait for the user as well.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "net/client/websocket_client.hpp"
#include "net/unique_fd.hpp"
#include "ottobot/event.hpp"

namespace ottobot::cli::chat {

struct FeedOptions {
  std::string url;  // of the server: http(s)://…
  std::string api_key;
  std::string ca_file;  // empty = none
  std::string session_id;
  std::optional<Seq> after;  // nullopt = what the server shows a new reader
  bool with_deltas = true;
  std::chrono::milliseconds patience{60000};  // without a connection; then the feed ends
};

struct News {
  enum class Kind {
    connected,  // for the first time or again: what was not acknowledged may be lost
    lost,       // tried again by itself
    frame,
    ended,  // for good; the last one
  };
  Kind kind = Kind::frame;
  Json frame;
  Error error;  // of lost and ended
};

class ChatFeed {
 public:
  static Result<std::unique_ptr<ChatFeed>> start(FeedOptions options);
  ~ChatFeed();
  ChatFeed(const ChatFeed&) = delete;
  ChatFeed& operator=(const ChatFeed&) = delete;

  int fd() const { return wake_.get(); }  // readable when there is news
  std::vector<News> take();
  // Errors: unavailable (not connected just now).
  Result<void> send(const Json& frame);

 private:
  ChatFeed(FeedOptions options, net::UniqueFd wake)
      : options_(std::move(options)), wake_(std::move(wake)), after_(options_.after) {}

  void run(std::stop_token stop);
  Result<std::shared_ptr<net::WebSocketClient>> connect(const CallContext& ctx) const;
  // Until the connection ends; the error says whether for good.
  Error receive_all(net::WebSocketClient& socket, const CallContext& ctx);
  void take_frame(Json frame);
  void release_held_error();
  void post(News news);
  void set_socket(std::shared_ptr<net::WebSocketClient> socket);

  const FeedOptions options_;
  const net::UniqueFd wake_;
  // The thread's:
  std::optional<Seq> after_;  // the last one seen
  std::optional<Json> held_error_;

  std::mutex mutex_;  // guards news_ and socket_
  std::deque<News> news_;
  std::shared_ptr<net::WebSocketClient> socket_;
  std::jthread thread_;  // last: it uses the above
};

}  // namespace ottobot::cli::chat
