#include "net/client/multi_loop.hpp"

#include <csignal>

namespace ottobot::net {
namespace {

constexpr long kMaxIdleConnections = 256;
constexpr int kPollMs = 1000;

Error client_gone() { return cancelled("the HTTP client is shutting down").value(); }

}  // namespace

MultiLoop::MultiLoop(const HttpClientOptions& options) : multi_(curl_multi_init()) {
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options.max_connections_per_host));
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kMaxIdleConnections);
  // Signals belong to the threads that asked for them, and a lost TLS peer must not raise SIGPIPE here.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void MultiLoop::post(Action action, std::shared_ptr<Transfer> transfer) {
  {
    std::lock_guard lock(mutex_);
    if (!stopping_) {
      commands_.push_back({action, std::move(transfer)});
      curl_multi_wakeup(multi_.get());
      return;
    }
  }
  // The loop ends, or has ended, every transfer that it knows of; this one it never saw.
  if (action == Action::start) transfer->finish(client_gone());
}

void MultiLoop::abort(const std::shared_ptr<Transfer>& transfer) {
  post(Action::abort, transfer);
  transfer->wait_finished();
}

void MultiLoop::shut_down() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    curl_multi_wakeup(multi_.get());
  }
  if (thread_.joinable()) thread_.join();
}

void MultiLoop::run() {
  while (run_commands()) {
    int still_running = 0;
    curl_multi_perform(multi_.get(), &still_running);
    collect_finished();
    curl_multi_poll(multi_.get(), nullptr, 0, kPollMs, nullptr);
  }
  while (!running_.empty()) remove(running_.begin()->first, client_gone());
}

// False when the loop shall end.
bool MultiLoop::run_commands() {
  std::vector<Command> commands;
  bool stopping = false;
  {
    std::lock_guard lock(mutex_);
    commands.swap(commands_);
    stopping = stopping_;
  }
  for (Command& command : commands) run_command(command);
  return !stopping;
}

void MultiLoop::run_command(Command& command) {
  CURL* const easy = command.transfer->easy();
  const bool known = running_.count(easy) > 0;
  switch (command.action) {
    case Action::start:
      if (curl_multi_add_handle(multi_.get(), easy) != CURLM_OK) {
        command.transfer->finish(resource_exhausted("cannot start another transfer").value());
        return;
      }
      running_.emplace(easy, std::move(command.transfer));
      return;
    case Action::resume:
      if (known) curl_easy_pause(easy, CURLPAUSE_CONT);
      return;
    case Action::abort:
      if (known) remove(easy, cancelled().value());
      return;
  }
}

void MultiLoop::collect_finished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const easy = message->easy_handle;
    const CURLcode code = message->data.result;
    curl_multi_remove_handle(multi_.get(), easy);
    auto node = running_.extract(easy);
    if (node) node.mapped()->finish(code);
  }
}

void MultiLoop::remove(CURL* easy, Error error) {
  curl_multi_remove_handle(multi_.get(), easy);
  auto node = running_.extract(easy);
  if (node) node.mapped()->finish(std::move(error));
}

}  // namespace ottobot::net
