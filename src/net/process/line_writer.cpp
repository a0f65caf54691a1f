#include "net/process/line_writer.hpp"

#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>

#include "net/process/wait_fd.hpp"

namespace ottobot::net {

namespace {

// A write to a pipe without readers then fails instead of ending the process.
void ignore_sigpipe_in_this_thread() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

LineWriter::LineWriter(int fd, std::size_t max_queued_bytes)
    : fd_(fd), max_queued_bytes_(max_queued_bytes), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void LineWriter::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

bool LineWriter::send(std::string line) {
  line += '\n';
  std::lock_guard lock(mutex_);
  if (stopped_ || broken_.stop_requested() || queued_ + line.size() > max_queued_bytes_) return false;
  queued_ += line.size();
  lines_.push_back(std::move(line));
  changed_.notify_all();
  return true;
}

std::size_t LineWriter::queued_bytes() const {
  std::lock_guard lock(mutex_);
  return queued_;
}

Result<void> LineWriter::flush(const CallContext& ctx) {
  std::unique_lock lock(mutex_);
  const auto done = [this] { return queued_ == 0 || broken_.stop_requested(); };
  if (ctx.deadline == SteadyTime::max()) {
    changed_.wait(lock, ctx.stop, done);
  } else {
    changed_.wait_until(lock, ctx.stop, ctx.deadline, done);
  }
  if (broken_.stop_requested()) return unavailable("the reading end is closed");
  return queued_ == 0 ? Result<void>() : ctx.check();
}

void LineWriter::run(const std::stop_token& stop) {
  ignore_sigpipe_in_this_thread();
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !lines_.empty(); })) {
    if (stop.stop_requested()) return;
    const std::string line = std::move(lines_.front());
    lines_.pop_front();
    lock.unlock();
    const bool written = write_all(line, stop);
    if (!written) broken_.request_stop();  // outside the lock: it runs callbacks of others
    lock.lock();
    queued_ -= line.size();
    changed_.notify_all();
    if (!written) return;
  }
}

// A pipe that can be written takes PIPE_BUF bytes without blocking.
bool LineWriter::write_all(std::string_view bytes, const std::stop_token& stop) {
  CallContext ctx;
  ctx.stop = stop;
  while (!bytes.empty()) {
    if (!wait_fd(fd_, POLLOUT, ctx)) return false;
    const ssize_t put = ::write(fd_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (put < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (put > 0) bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

}  // namespace ottobot::net
