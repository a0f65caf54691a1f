// The one thread that runs all transfers. Private to net/client.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "net/client/transfer.hpp"

namespace ottobot::net {

class MultiLoop {
 public:
  explicit MultiLoop(const HttpClientOptions& options);
  MultiLoop(const MultiLoop&) = delete;
  MultiLoop& operator=(const MultiLoop&) = delete;
  ~MultiLoop() { shut_down(); }

  void start(std::shared_ptr<Transfer> transfer) { post(Action::start, std::move(transfer)); }
  void resume(std::shared_ptr<Transfer> transfer) { post(Action::resume, std::move(transfer)); }
  // Closes its connection; returns when no callback of it can run any more.
  void abort(const std::shared_ptr<Transfer>& transfer);
  // Ends every transfer with cancelled and joins. May be repeated.
  void shut_down();

 private:
  enum class Action { start, resume, abort };
  struct Command {
    Action action;
    std::shared_ptr<Transfer> transfer;
  };
  struct MultiCleanup {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };

  void post(Action action, std::shared_ptr<Transfer> transfer);
  void run();
  bool run_commands();
  void run_command(Command& command);
  void collect_finished();
  void remove(CURL* easy, Error error);

  std::unique_ptr<CURLM, MultiCleanup> multi_;
  std::unordered_map<CURL*, std::shared_ptr<Transfer>> running_;  // loop thread only

  std::mutex mutex_;  // guards commands_ and stopping_
  std::vector<Command> commands_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ottobot::net
