#include "redis/subscriber.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ottobot::redis {
namespace {

constexpr std::chrono::milliseconds kRetry{200};
// The thread that connects also delivers: of its time, one part in so many goes into nodes that do not answer.
constexpr int kPauseFactor = 4;
constexpr int kIdlePollMs = 60'000;
constexpr const char* kSubscribe = "SSUBSCRIBE";
constexpr const char* kUnsubscribe = "SUNSUBSCRIBE";

}  // namespace

struct Subscriber::Link {
  Link(Socket connected, Address at) : socket(std::move(connected)), address(std::move(at)) {}

  void send(const char* command, const std::string& channel) {
    append_command(unsent, {command, channel});
    if (command == kSubscribe) asked.push_back(channel);
  }
  bool flush() {
    while (!unsent.empty()) {
      const auto count = socket.write_some(unsent);
      if (count.status == net::IoCount::Status::blocked) return true;
      if (count.status != net::IoCount::Status::ok) return false;
      unsent.erase(0, count.bytes);
    }
    return true;
  }

  Socket socket;
  const Address address;
  ReplyReader reader;
  std::string unsent;
  std::deque<std::string> asked;  // SSUBSCRIBEs without answer
  bool has_events = false;
};

Subscriber::Subscriber(Client& client, Callbacks callbacks)
    : client_(client),
      callbacks_(std::move(callbacks)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Subscriber::~Subscriber() {
  thread_.request_stop();
  wake();
  thread_.join();
}

Result<void> Subscriber::add(const std::string& channel, const CallContext& ctx) {
  Lock lock(mutex_);
  ++channels_[channel].users;
  dirty_ = true;
  wake();
  const auto confirmed = [&] { return channels_[channel].confirmed; };
  if (changed_.wait_until(lock, ctx.stop, ctx.deadline, confirmed)) return {};
  if (ctx.stop.stop_requested()) return cancelled();
  return unavailable("Redis does not take subscriptions just now", std::string(kUnreachableHint));
}

void Subscriber::remove(const std::string& channel) {
  const Lock lock(mutex_);
  const auto found = channels_.find(channel);
  if (found == channels_.end() || --found->second.users > 0) return;
  dirty_ = true;
  wake();
}

void Subscriber::wake() { ::eventfd_write(wake_.get(), 1); }

void Subscriber::run(const std::stop_token& stop) {
  CallContext ctx;
  ctx.stop = stop;
  Lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (dirty_ || std::chrono::steady_clock::now() >= look_at_) settle_channels(lock, ctx);
    flush_links();
    wait_for_events(lock);
    std::vector<Link*> ready;
    for (const auto& [address, link] : links_) {
      if (link->has_events) ready.push_back(link.get());
    }
    for (Link* link : ready) serve(*link, lock);
  }
}

// Costs a walk over all channels, so only when something has become of one.
void Subscriber::settle_channels(Lock& lock, const CallContext& ctx) {
  dirty_ = false;
  drop_unused();
  place_channels(lock, ctx);
  report_gaps(lock);
  const bool settled = std::none_of(channels_.begin(), channels_.end(), [](const auto& each) {
    return each.second.link == nullptr || (each.second.gap && each.second.confirmed);
  });
  look_at_ = settled ? SteadyTime::max() : std::chrono::steady_clock::now() + kRetry;
}

void Subscriber::drop_unused() {
  for (auto channel = channels_.begin(); channel != channels_.end();) {
    if (channel->second.users > 0) {
      ++channel;
      continue;
    }
    if (channel->second.link != nullptr) channel->second.link->send(kUnsubscribe, channel->first);
    channel = channels_.erase(channel);
  }
}

// Asks the right node for every channel that none was asked for.
void Subscriber::place_channels(Lock& lock, const CallContext& ctx) {
  const SteadyTime now = std::chrono::steady_clock::now();
  std::vector<std::string> unplaced;
  for (const auto& [name, channel] : channels_) {
    if (channel.link == nullptr && channel.retry_at <= now) unplaced.push_back(name);
  }
  if (!unplaced.empty() && moved_) {
    moved_ = false;
    const auto suspect = std::exchange(suspect_, std::nullopt);
    lock.unlock();
    if (client_.is_cluster()) (void)client_.refresh(ctx, suspect ? &*suspect : nullptr);
    lock.lock();
  }
  for (const std::string& name : unplaced) {
    Link* link = link_to(client_.address_of(slot_of(name)), lock, ctx);
    const auto channel = channels_.find(name);
    if (link == nullptr || channel == channels_.end()) continue;
    channel->second.link = link;
    link->send(kSubscribe, name);
  }
}

void Subscriber::flush_links() {
  std::vector<Link*> broken;
  for (const auto& [address, link] : links_) {
    if (!link->flush()) broken.push_back(link.get());
  }
  for (Link* link : broken) drop_link(*link);
}

Subscriber::Link* Subscriber::link_to(const Address& address, Lock& lock, const CallContext& ctx) {
  if (const auto known = links_.find(address); known != links_.end()) return known->second.get();
  const auto retry = retry_at_.find(address);
  if (retry != retry_at_.end() && std::chrono::steady_clock::now() < retry->second) return nullptr;
  lock.unlock();
  const SteadyTime begun = std::chrono::steady_clock::now();
  auto socket = Connection::open_socket(address, client_.options(), ctx.within(client_.options().connect_timeout));
  lock.lock();
  if (!socket) {
    const SteadyTime now = std::chrono::steady_clock::now();
    retry_at_[address] = now + std::max<std::chrono::steady_clock::duration>(kRetry, kPauseFactor * (now - begun));
    moved_ = true;
    suspect_ = address;
    return nullptr;
  }
  retry_at_.erase(address);
  return links_.emplace(address, std::make_unique<Link>(std::move(*socket), address)).first->second.get();
}

void Subscriber::wait_for_events(Lock& lock) {
  std::vector<pollfd> fds{{wake_.get(), POLLIN, 0}};
  std::vector<Link*> links;
  int timeout_ms = kIdlePollMs;
  for (const auto& [address, link] : links_) {
    const short reading = link->socket.wants_read();
    if (reading == 0) timeout_ms = 0;
    const short writing = link->unsent.empty() ? short{0} : link->socket.wants_write();
    fds.push_back({link->socket.fd(), static_cast<short>(reading | writing), 0});
    links.push_back(link.get());
  }
  if (dirty_) timeout_ms = 0;
  if (look_at_ != SteadyTime::max()) {
    CallContext until;
    until.deadline = look_at_;
    timeout_ms = static_cast<int>(std::min<std::int64_t>(timeout_ms, until.remaining().count() + 1));
  }
  lock.unlock();
  ::poll(fds.data(), fds.size(), timeout_ms);
  lock.lock();
  eventfd_t ignored = 0;
  ::eventfd_read(wake_.get(), &ignored);
  for (std::size_t n = 0; n < links.size(); ++n) {
    links[n]->has_events = fds[n + 1].revents != 0 || links[n]->socket.wants_read() == 0;
  }
}

void Subscriber::serve(Link& link, Lock& lock) {
  std::array<char, 16 << 10> buffer;
  while (true) {
    const auto count = link.socket.read_some(buffer);
    if (count.status == net::IoCount::Status::blocked) break;
    if (count.status != net::IoCount::Status::ok) return drop_link(link);
    link.reader.feed({buffer.data(), count.bytes});
    while (true) {
      auto reply = link.reader.next();
      if (!reply) return drop_link(link);
      if (!*reply) break;
      take(link, **reply, lock);
    }
  }
  if (!link.flush()) drop_link(link);
}

void Subscriber::take(Link& link, const Reply& reply, Lock& lock) {
  const std::string kind = reply[0].str(), name = reply[1].str();
  if (kind == "smessage") {
    lock.unlock();
    callbacks_.on_message(name, reply[2].text());
    lock.lock();
  } else if (kind == "ssubscribe") {
    confirm(link);
  } else if (const auto channel = channels_.find(name); kind == "sunsubscribe" && channel != channels_.end()) {
    // Not asked for by us: the slot has moved. Or asked for before the channel was wanted again.
    if (channel->second.link != &link || !channel->second.confirmed) return;
    channel->second = Channel{channel->second.users, nullptr, false, true, {}};
    moved_ = dirty_ = true;
  } else if (reply.is_error() && !link.asked.empty()) {
    if (const auto refused = channels_.find(link.asked.front()); refused != channels_.end()) {
      refused->second.link = nullptr;
      refused->second.retry_at = std::chrono::steady_clock::now() + kRetry;
    }
    link.asked.pop_front();
    moved_ = dirty_ = true;
  }
}

void Subscriber::confirm(Link& link) {
  if (link.asked.empty()) return;
  const std::string name = std::move(link.asked.front());
  link.asked.pop_front();
  const auto channel = channels_.find(name);
  if (channel == channels_.end() || channel->second.link != &link) return;
  channel->second.confirmed = true;
  dirty_ = dirty_ || channel->second.gap;  // it is reported now
  changed_.notify_all();
}

void Subscriber::drop_link(Link& link) {
  for (auto& [name, channel] : channels_) {
    if (channel.link != &link) continue;
    channel.gap = channel.gap || channel.confirmed;
    channel.confirmed = false;
    channel.link = nullptr;
  }
  moved_ = dirty_ = true;
  suspect_ = link.address;
  links_.erase(*suspect_);
}

void Subscriber::report_gaps(Lock& lock) {
  std::vector<std::string> names;
  for (auto& [name, channel] : channels_) {
    if (channel.gap && channel.confirmed) names.push_back(name);
  }
  if (names.empty()) return;
  lock.unlock();
  const bool made_up_for = callbacks_.on_gap(names);
  lock.lock();
  if (!made_up_for) return;
  for (const std::string& name : names) {
    const auto channel = channels_.find(name);
    if (channel != channels_.end() && channel->second.confirmed) channel->second.gap = false;
  }
}

}  // namespace ottobot::redis
