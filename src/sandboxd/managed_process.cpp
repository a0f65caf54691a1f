#include <poll.h>

#include <cerrno>

#include "ottobot/json.hpp"
#include "sandboxd/process_table.hpp"

namespace ottobot::sandboxd {

ManagedProcess::ManagedProcess(std::string id, CommandSpec spec, const std::string& output_path)
    : id_(std::move(id)), spec_(std::move(spec)), started_(std::chrono::steady_clock::now()), capture_(output_path) {}

bool ManagedProcess::running() const {
  std::lock_guard lock(mutex_);
  return !exit_;
}

bool ManagedProcess::has_group() const {
  std::lock_guard lock(mutex_);
  return !exit_ || output_open_;
}

ManagedProcess::Snapshot ManagedProcess::look(Since since) {
  std::lock_guard lock(mutex_);
  auto run_time = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started_);
  auto output = since == Since::start ? capture_.all() : capture_.take_unread(!output_open_);
  return {exit_, !exit_ || output_open_, std::move(output), capture_.file(), exit_ ? run_time_ : run_time};
}

template <class Condition>
bool ManagedProcess::wait_until(const CallContext& ctx, Condition condition) {
  std::unique_lock lock(mutex_);
  if (ctx.deadline == SteadyTime::max()) {
    changed_.wait(lock, ctx.stop, condition);
  } else {
    changed_.wait_until(lock, ctx.stop, ctx.deadline, condition);
  }
  return exit_.has_value();
}

bool ManagedProcess::wait_news(const CallContext& ctx) {
  return wait_until(ctx, [this] { return exit_ || !news_.empty(); });
}

bool ManagedProcess::wait_end(const CallContext& ctx) {
  return wait_until(ctx, [this] { return exit_.has_value(); });
}

void ManagedProcess::wait_unread(const CallContext& ctx) {
  wait_until(ctx, [this] { return exit_ || capture_.has_unread(); });
}

void ManagedProcess::wait_output_end(const CallContext& ctx) {
  wait_until(ctx, [this] { return !output_open_; });
}

std::string ManagedProcess::take_news(std::uint64_t& total) {
  std::lock_guard lock(mutex_);
  total = capture_.total_bytes();
  std::size_t whole = exit_ ? news_.size() : utf8_complete_prefix(news_);
  std::string news = to_valid_utf8(std::string_view(news_).substr(0, whole));
  news_.clear();
  return news;
}

Result<void> ManagedProcess::write_input(std::string_view text, const CallContext& ctx) {
  std::lock_guard lock(input_mutex_);
  if (!spec_.with_input) return conflict("process " + id_ + " takes no input", "start it with execute_command_async");
  if (!input_) return conflict("the input of process " + id_ + " is closed");
  const std::string all = std::to_string(text.size());
  std::size_t taken = 0;
  while (!text.empty()) {
    if (!running()) return conflict("process " + id_ + " has ended", "read_process shows how");
    ssize_t written = ::write(input_.get(), text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
      taken += static_cast<std::size_t>(written);
    } else if (errno == EAGAIN) {
      if (auto alive = ctx.check(); !alive) {
        return fail(alive.error(), "process " + id_ + " does not read its input; it took " + std::to_string(taken) +
                                       " of " + all + " bytes");
      }
      pollfd event{input_.get(), POLLOUT, 0};
      ::poll(&event, 1, 50);
    } else if (errno != EINTR) {
      return conflict("process " + id_ + " closed its input");
    }
  }
  return {};
}

void ManagedProcess::close_input() {
  std::lock_guard lock(input_mutex_);
  input_.reset();
}

}  // namespace ottobot::sandboxd
