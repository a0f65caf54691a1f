// One call between two threads: the caller waits for head and bytes, libcurl's thread delivers them. Private to
// net/client.
#pragma once

#include <curl/curl.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "net/client/http_client.hpp"

namespace ottobot::net {

struct EasyCleanup {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct SlistCleanup {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

class Transfer {
 public:
  struct Head {
    int status = 0;
    Headers headers;
  };
  // What has come since the last wait().
  struct News {
    std::optional<Head> head;
    std::string bytes;
    bool done = false;
    bool was_paused = false;  // the transfer waits to be resumed
  };

  // `request` is borrowed until the transfer is finished.
  explicit Transfer(const HttpRequest& request) : request_(request), easy_(curl_easy_init()) {}
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Errors: invalid_argument.
  Result<void> prepare(const HttpClientOptions& options);
  CURL* easy() const { return easy_.get(); }

  // For prepare(): leave the pooled connections alone.
  void use_new_connection() { new_connection_ = true; }
  // The last connection that it tried came from the pool, and nothing of an answer: the peer may have gone since.
  bool died_in_pool() const;

  // Calling thread: blocks for news. Errors: cancelled, deadline_exceeded (of ctx, or the idle time-out): abort it
  // then.
  Result<News> wait(const CallContext& ctx);
  // Calling thread: blocks until libcurl's thread has let go of it.
  void wait_finished();
  // The outcome, once finished.
  Result<void> outcome() const;
  // The endpoint could not be connected to because its backlog is full: nothing was sent, another try may do.
  bool peer_was_busy() const { return peer_was_busy_; }

  // libcurl's thread: the last call.
  void finish(CURLcode code);
  void finish(Error error);

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_bytes(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* self);
  static int on_progress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent);
  static curl_socket_t on_open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_connected(void* self, char*, char*, int, int);

  Result<void> set_url();
  Result<void> set_headers();
  void set_body();
  void set_endpoint(const std::string& host, const std::string& port);
  void set_callbacks();
  bool backlog_was_full(CURLcode code) const;
  void take_header_line(std::string_view line);
  bool news_ready() const { return head_ready_ || !bytes_.empty() || finished_; }

  const HttpRequest& request_;
  std::unique_ptr<CURL, EasyCleanup> easy_;
  std::unique_ptr<curl_slist, SlistCleanup> headers_, resolve_, connect_to_;
  bool new_connection_ = false;
  char error_text_[CURL_ERROR_SIZE] = {};
  Head incoming_;                               // libcurl's thread: the head that is being read
  bool head_done_ = false;                      // libcurl's thread: what follows are trailers
  curl_off_t moved_bytes_ = 0;                  // libcurl's thread
  UniqueFd socket_file_;                        // libcurl's thread: what it connects to by /proc/self/fd
  curl_socket_t new_socket_ = CURL_SOCKET_BAD;  // libcurl\'s thread: its own connection, not checked yet
  // libcurl's thread until finished, then the caller:
  std::optional<Error> connect_error_;
  bool peer_was_busy_ = false;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  Head head_;
  bool head_ready_ = false;
  std::string bytes_;
  bool paused_ = false;
  SteadyTime last_activity_ = std::chrono::steady_clock::now();
  bool finished_ = false;
  std::optional<Error> error_;
};

}  // namespace ottobot::net
