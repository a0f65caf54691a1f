#include "net/process/connect_host.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

#include "net/process/ip_address.hpp"
#include "net/process/unix_socket.hpp"

namespace ottobot::net {
namespace {

using Addresses = std::vector<std::string>;

Result<Addresses> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    return unavailable("cannot find the host " + host + ": " + ::gai_strerror(error));
  }
  Addresses addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text.data());
    }
  }
  ::freeaddrinfo(found);
  return addresses;
}

// Shared with a thread that may still be looking when nobody waits any more.
struct Lookup {
  std::mutex mutex;  // guards the answer
  std::condition_variable_any done;
  std::optional<Result<Addresses>> answer;
};

}  // namespace

Result<Addresses> resolve(const std::string& host, const CallContext& ctx) {
  if (is_ip_address(host) || host == "localhost") return Addresses{host};
  auto lookup = std::make_shared<Lookup>();
  try {
    // The system's resolver can neither be stopped nor told a deadline.
    std::thread([lookup, host] {
      auto answer = look_up(host);
      const std::lock_guard lock(lookup->mutex);
      lookup->answer = std::move(answer);
      lookup->done.notify_all();
    }).detach();
  } catch (const std::system_error& error) {
    return unavailable(std::string("no thread to look up a host: ") + error.what(), "raise the limit of processes");
  }
  std::unique_lock lock(lookup->mutex);
  const auto answered = [&] { return lookup->answer.has_value(); };
  if (lookup->done.wait_until(lock, ctx.stop, ctx.deadline, answered)) return std::move(*lookup->answer);
  return fail(ctx.check().error(), "looking up " + host);
}

Result<UniqueFd> connect_host(const std::string& host, int port, const CallContext& ctx) {
  auto addresses = resolve(host, ctx);
  if (!addresses) return fail(addresses.error());
  Result<UniqueFd> fd = unavailable(host + " has no address");
  for (const std::string& each : *addresses) {
    fd = connect_tcp(each, port, ctx);
    if (fd || !ctx.check()) break;
  }
  return fd;
}

}  // namespace ottobot::net
