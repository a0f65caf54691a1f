#include "redis/connection.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "redis/server_error.hpp"

namespace ottobot::redis {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMostHeld = 16 << 10;

int poll_ms(const CallContext& ctx) {
  constexpr std::int64_t kLongest = 60'000;
  return static_cast<int>(std::min<std::int64_t>(ctx.remaining().count(), kLongest - 1) + 1);
}

std::vector<Arguments> greetings(const RedisOptions& options) {
  std::vector<Arguments> commands;
  if (!options.password.empty() && options.user.empty()) commands.push_back({"AUTH", options.password});
  if (!options.password.empty() && !options.user.empty()) {
    commands.push_back({"AUTH", options.user, options.password});
  }
  if (options.database != 0) commands.push_back({"SELECT", std::to_string(options.database)});
  if (commands.empty()) commands.push_back({"PING"});  // a server that hangs, or wants a password, says so now
  return commands;
}

Failure no_connection(Error why) {
  if (why.hint.empty() && why.code != ErrorCode::cancelled) why.hint = kUnreachableHint;
  return fail(std::move(why), "Redis");
}

Error broken_connection(std::string what) {
  return unavailable(std::move(what), std::string(kUnreachableHint)).value();
}

}  // namespace

Result<std::shared_ptr<Connection>> Connection::open(const Address& address, const RedisOptions& options,
                                                     const CallContext& ctx) {
  auto socket = Socket::connect(address, options, ctx);
  if (!socket) return no_connection(socket.error());
  auto connection = std::make_shared<Connection>(std::move(*socket), address);
  for (const Arguments& command : greetings(options)) {
    auto answer = connection->call(command, ctx);
    if (!answer) return no_connection(answer.error());
    if (answer->is_error()) return server_error(answer->text(), address);
  }
  return connection;
}

Result<Socket> Connection::open_socket(const Address& address, const RedisOptions& options, const CallContext& ctx) {
  auto connection = open(address, options, ctx);
  if (!connection) return fail(connection.error());
  return std::move((*connection)->socket_);
}

Connection::Connection(Socket socket, Address address)
    : address_(std::move(address)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), socket_(std::move(socket)) {}

bool Connection::broken() const {
  const std::lock_guard lock(mutex_);
  return broken_.has_value();
}

void Connection::close(Error why) {
  const Lock lock(mutex_);
  if (!broken_) give_up(std::move(why));
}

// Since the last byte, not since the question: a long answer, or many before it, take their time on a busy link.
steady_clock::duration Connection::silence() const {
  if (asked_.size() == held_) return {};
  return steady_clock::now() - std::max(asked_.front()->asked_at_, heard_at_);
}

Result<void> Connection::check_alive() {
  if (broken_) return fail(*broken_);
  if (silence() < kSilence) return {};
  if (!leading_) read_all();  // those who waited may have left
  if (broken_) return fail(*broken_);
  if (silence() < kSilence) return {};
  auto silent = unavailable("Redis at " + address_.text() + " does not answer", std::string(kUnreachableHint));
  if (silence() >= kDead) give_up(silent.value());
  return silent;
}

Result<std::shared_ptr<Connection::Pending>> Connection::ask(const std::string& command, int skipped) {
  const Lock lock(mutex_);
  if (auto alive = check_alive(); !alive) return fail(alive.error());
  const bool behind = held_ == 0 && !unsent_.empty();
  auto pending = enqueue(command, skipped);
  if (!behind) flush();
  if (!unsent_.empty()) wake_leader();
  return pending;
}

Result<std::shared_ptr<Connection::Pending>> Connection::ask_soon(const std::string& command) {
  const Lock lock(mutex_);
  if (auto alive = check_alive(); !alive) return fail(alive.error());
  const bool behind = held_ == 0 && !unsent_.empty();
  auto pending = enqueue(command, 0);
  if (!behind) ++held_;
  if (held_ > 0 && unsent_.size() >= kMostHeld) flush();
  return pending;
}

std::shared_ptr<Connection::Pending> Connection::enqueue(const std::string& command, int skipped) {
  auto pending = std::make_shared<Pending>();
  pending->asked_at_ = steady_clock::now();
  pending->skipped_ = skipped;
  asked_.push_back(pending);
  unsent_ += command;
  return pending;
}

Result<Reply> Connection::wait(const std::shared_ptr<Pending>& pending, const CallContext& ctx) {
  const auto wake_up = [this, &pending] {
    const std::lock_guard lock(mutex_);
    pending->answered_.notify_all();
    wake_leader();
  };
  std::optional<std::stop_callback<decltype(wake_up)>> on_stop;
  if (ctx.stop.stop_possible()) on_stop.emplace(ctx.stop, wake_up);
  Lock lock(mutex_);
  pending->awaited_ = true;
  if (held_ > 0) flush();
  Result<void> live;
  while (!pending->answer_ && live) {
    if (leading_) {
      pending->answered_.wait_until(lock, ctx.deadline);
    } else {
      lead(lock, ctx);
    }
    live = ctx.check();
  }
  pending->awaited_ = false;
  hand_over();
  if (pending->answer_) return std::move(*pending->answer_);
  return fail(live.error(), "Redis at " + address_.text());
}

Result<Reply> Connection::call(const Arguments& command, const CallContext& ctx) {
  std::string bytes;
  append_command(bytes, command);
  auto pending = ask(bytes);
  if (!pending) return fail(pending.error());
  return wait(*pending, ctx);
}

// Waits for the socket once, on behalf of all.
void Connection::lead(Lock& lock, const CallContext& ctx) {
  const short reading = socket_.wants_read();
  if (reading != 0) {
    const short writing = unsent_.empty() ? short{0} : socket_.wants_write();
    std::array<pollfd, 2> fds{pollfd{socket_.fd(), static_cast<short>(reading | writing), 0},
                              pollfd{wake_.get(), POLLIN, 0}};
    leading_ = true;
    lock.unlock();
    ::poll(fds.data(), fds.size(), poll_ms(ctx));
    lock.lock();
    leading_ = false;
    eventfd_t ignored = 0;
    if (fds[1].revents != 0) ::eventfd_read(wake_.get(), &ignored);
    if (fds[0].revents == 0 || broken_) return;
  }
  if (!unsent_.empty()) flush();
  read_all();
}

// Somebody else who waits goes on reading.
void Connection::hand_over() {
  if (leading_) return;
  for (const auto& pending : asked_) {
    if (!pending->awaited_) continue;
    pending->answered_.notify_one();
    return;
  }
}

void Connection::wake_leader() {
  if (leading_) ::eventfd_write(wake_.get(), 1);
}

void Connection::flush() {
  for (; held_ > 0; --held_) asked_[asked_.size() - held_]->asked_at_ = steady_clock::now();
  std::size_t sent = 0;
  while (sent < unsent_.size() && !broken_) {
    const auto count = socket_.write_some(std::string_view(unsent_).substr(sent));
    if (count.status == net::IoCount::Status::blocked) break;
    if (count.status != net::IoCount::Status::ok) {
      return give_up(broken_connection("the connection to Redis at " + address_.text() + " broke"));
    }
    sent += count.bytes;
  }
  unsent_.erase(0, sent);
}

void Connection::read_all() {
  while (!broken_) {
    const auto count = socket_.read_some(buffer_);
    if (count.status == net::IoCount::Status::blocked) return;
    if (count.status != net::IoCount::Status::ok) {
      return give_up(broken_connection("Redis at " + address_.text() + " closed the connection"));
    }
    heard_at_ = steady_clock::now();
    reader_.feed({buffer_.data(), count.bytes});
    take_answers();
    if (count.bytes < buffer_.size() && socket_.wants_read() != 0) return;
  }
}

void Connection::take_answers() {
  while (true) {
    auto next = reader_.next();
    if (!next) return give_up(next.error());
    if (!*next) return;
    if (asked_.empty()) return give_up(internal_error("Redis answered what nobody asked").value());
    if (asked_.front()->skipped_-- > 0) continue;
    asked_.front()->answer_ = std::move(**next);
    if (asked_.front()->awaited_) asked_.front()->answered_.notify_one();
    asked_.pop_front();
  }
}

void Connection::give_up(Error why) {
  broken_ = std::move(why);
  unsent_.clear();
  held_ = 0;
  for (const auto& pending : asked_) {
    pending->answer_ = fail(*broken_);
    pending->answered_.notify_one();
  }
  asked_.clear();
  wake_leader();
}

}  // namespace ottobot::redis
