#include "redis/client.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>

namespace ottobot::redis {
namespace {

constexpr int kMostAttempts = 6;  // broken connections and redirections together
// Slots that are on their way are not where their nodes say, for a moment: between two tries, and for how long a script
// is tried whose keys are in both places.
constexpr std::chrono::milliseconds kMovePause{20};
constexpr std::chrono::seconds kMovePatience{1};

std::string sha1_hex(const std::string& text) {
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  ::SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 0xf];
  }
  return hex;
}

// Some keys of a script are at the slot's new node already, some are not.
bool is_split(std::string_view error) { return error_kind(error) == "TRYAGAIN"; }

Address seed_of(const RedisOptions& options) {
  return options.unix_path.empty() ? Address{options.host, options.port, {}} : Address{{}, 0, options.unix_path};
}

}  // namespace

Script::Script(std::string text) : text_(std::move(text)), sha_(sha1_hex(text_)) {}

Request Request::command(Arguments arguments, std::size_t key) {
  Request request;
  request.slot_ = slot_of(arguments[key]);
  request.arguments_ = std::move(arguments);
  return request;
}

Request Request::script(const Script& script, const Arguments& keys, Arguments arguments) {
  Request request;
  request.script_ = &script;
  request.key_count_ = keys.size();
  request.slot_ = slot_of(keys.front());
  auto& all = request.arguments_;
  all.reserve(4 + keys.size() + arguments.size());
  all.insert(all.end(), {"EVALSHA", script.sha(), std::to_string(keys.size())});
  all.insert(all.end(), keys.begin(), keys.end());
  all.emplace_back("0");
  all.insert(all.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  return request;
}

Request Request::once() && {
  once_ = true;
  return std::move(*this);
}

Request Request::again() && {
  say_again();
  return std::move(*this);
}

void Request::say_again() {
  if (script_ != nullptr) arguments_[3 + key_count_] = "1";
}

void Request::send_text() {
  arguments_[0] = "EVAL";
  arguments_[1] = script_->text();
}

Result<std::unique_ptr<Client>> Client::connect(const RedisOptions& options) {
  std::unique_ptr<Client> client(new Client(options));
  const auto ctx = with_timeout(options.connect_timeout * 2);
  if (auto known = client->refresh(ctx); !known) return fail(known.error());
  return client;
}

// The cluster's nodes before the seed, which may have left it since; both before the one that has just failed.
std::vector<Address> Client::who_knows(const Address* failed) const {
  const Address seed = seed_of(options_);
  std::vector<Address> nodes;
  {
    const std::lock_guard lock(mutex_);
    nodes = slots_.nodes();
  }
  std::erase(nodes, seed);
  nodes.push_back(seed);
  if (failed == nullptr) return nodes;
  std::erase(nodes, *failed);
  nodes.push_back(*failed);
  return nodes;
}

// A node that hangs leaves time for the others.
Result<Reply> Client::ask_for_slots(const Address& address, const CallContext& ctx) {
  auto connection = node_at(address)->connection(ctx);
  if (!connection) return fail(connection.error());
  return (*connection)->call({"CLUSTER", "SLOTS"}, ctx.within(options_.connect_timeout));
}

Result<void> Client::refresh(const CallContext& ctx, const Address* failed) {
  Result<void> outcome;
  const auto note = [&outcome](Error problem) {
    if (outcome) outcome = fail(std::move(problem));
  };
  for (const Address& address : who_knows(failed)) {
    auto answer = ask_for_slots(address, ctx);
    if (!answer) {
      note(answer.error());
      continue;
    }
    if (answer->text().find("cluster support disabled") != std::string_view::npos) return {};
    if (answer->is_error()) {
      note(server_error(answer->text(), address).value());
      continue;
    }
    auto table = SlotTable::parse(*answer, address);
    if (table.empty()) {
      note(unavailable("Redis at " + address.text() + " is in a cluster without slots", "redis-cli --cluster check")
               .value());
      continue;
    }
    const std::lock_guard lock(mutex_);
    slots_ = std::move(table);
    return {};
  }
  return outcome;
}

bool Client::is_cluster() const {
  const std::lock_guard lock(mutex_);
  return !slots_.empty();
}

Address Client::address_of(int slot) const {
  const std::lock_guard lock(mutex_);
  const Address* address = slots_.find(slot);
  return address != nullptr ? *address : seed_of(options_);
}

std::shared_ptr<Node> Client::node_at(const Address& address) {
  const std::lock_guard lock(mutex_);
  auto& node = nodes_[address];
  if (!node) node = std::make_shared<Node>(address, options_);
  return node;
}

Client::Asked Client::ask(const Request& request, Target target, const CallContext& ctx) {
  Asked asked{std::move(target), nullptr, nullptr, {}};
  auto connection = node_at(asked.target.address)->connection(ctx);
  if (!connection) {
    asked.problem = connection.error();
    return asked;
  }
  std::string bytes;
  if (asked.target.asking) append_command(bytes, {"ASKING"});
  append_command(bytes, request.arguments_);
  auto pending = (*connection)->ask(bytes, asked.target.asking ? 1 : 0);
  if (!pending) {
    asked.problem = pending.error();
    return asked;
  }
  asked.connection = std::move(*connection);
  asked.pending = std::move(*pending);
  return asked;
}

Result<Reply> Client::call(Request request, const CallContext& ctx) {
  if (auto live = ctx.check(); !live) return fail(live.error());
  const CallContext bounded = ctx.within(kLongestCall);
  return settle(request, ask(request, {address_of(request.slot())}, bounded), bounded);
}

std::optional<Client::Begun> Client::begin(Request request) {
  Begun begun;
  begun.asked_.target = {address_of(request.slot())};
  begun.asked_.connection = node_at(begun.asked_.target.address)->connection_if_any();
  if (!begun.asked_.connection) return std::nullopt;
  std::string bytes;
  append_command(bytes, request.arguments_);
  auto pending = begun.asked_.connection->ask_soon(bytes);
  if (!pending) return std::nullopt;
  begun.asked_.pending = std::move(*pending);
  begun.request_ = std::move(request);
  return begun;
}

Result<Reply> Client::finish(Begun begun, const CallContext& ctx) {
  if (auto live = ctx.check(); !live) return fail(live.error());
  return settle(begun.request_, std::move(begun.asked_), ctx.within(kLongestCall));
}

Result<std::vector<Reply>> Client::call_all(std::vector<Request> requests, const CallContext& ctx) {
  if (auto live = ctx.check(); !live) return fail(live.error());
  const CallContext bounded = ctx.within(kLongestCall);
  std::vector<Asked> asked;
  asked.reserve(requests.size());
  for (const Request& request : requests) asked.push_back(ask(request, {address_of(request.slot())}, bounded));
  std::vector<Reply> replies;
  replies.reserve(requests.size());
  for (std::size_t n = 0; n < requests.size(); ++n) {
    auto reply = settle(requests[n], std::move(asked[n]), bounded);
    if (!reply) return fail(reply.error());
    replies.push_back(std::move(*reply));
  }
  return replies;
}

Result<Reply> Client::settle(Request& request, Asked asked, const CallContext& ctx) {
  const SteadyTime patient_until = std::chrono::steady_clock::now() + kMovePatience;
  int tries = 0;
  while (true) {
    const bool sent = asked.pending != nullptr;
    auto reply = sent ? asked.connection->wait(asked.pending, ctx) : Result<Reply>(fail(asked.problem));
    if (reply && !reply->is_error()) return reply;
    const bool split = reply && is_split(reply->text()) && std::chrono::steady_clock::now() < patient_until;
    if (!split) ++tries;
    if (tries == kMostAttempts) return reply ? server_error(reply->text(), asked.target.address) : fail(reply.error());
    if (reply && (split || tries > 1)) (void)system_clock().sleep_for(kMovePause, ctx);
    auto next = reply ? after_error(request, reply->text(), asked, ctx)
                      : after_break(request, reply.error(), sent, asked.target, ctx);
    if (!next) return fail(next.error());
    asked = ask(request, std::move(*next), ctx);
  }
}

// Where to go on, if that may help.
Result<Client::Target> Client::after_error(Request& request, std::string_view text, const Asked& asked,
                                           const CallContext& ctx) {
  const Target& target = asked.target;
  const std::string_view kind = error_kind(text);
  if (kind == "NOSCRIPT" && request.script_ != nullptr) {
    request.send_text();
    return target;
  }
  if (is_split(text)) return target;
  if (auto redirection = parse_redirection(text)) {
    return after_redirection(std::move(*redirection), kind == "MOVED", target);
  }
  auto problem = server_error(text, target.address);
  // A primary no more: whoever is behind its address next time may be one.
  if (kind == "READONLY") asked.connection->close(problem.value());
  if (kind != "CLUSTERDOWN") return problem;
  // That node knows nobody who has the slot: another one may.
  (void)refresh(ctx, &target.address);
  Target next{address_of(request.slot())};
  if (next.address == target.address) return problem;
  return next;
}

Client::Target Client::after_redirection(Redirection redirection, bool moved, const Target& asked) {
  if (redirection.address.host.empty()) redirection.address.host = asked.address.host;
  if (moved) {
    const std::lock_guard lock(mutex_);
    slots_.move(redirection.slot, redirection.address);
  }
  return Target{std::move(redirection.address), !moved};
}

Result<Client::Target> Client::after_break(Request& request, const Error& problem, bool sent, const Target& asked,
                                           const CallContext& ctx) {
  if (problem.code != ErrorCode::unavailable || (sent && request.once_)) return fail(problem);
  if (sent) request.say_again();
  if (is_cluster()) (void)refresh(ctx, &asked.address);
  Target next{address_of(request.slot())};
  // A server that cannot be reached now is not waited for.
  if (!sent && next.address == asked.address) return fail(problem);
  return next;
}

}  // namespace ottobot::redis
