#include "containers/common/network_filter.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <functional>
#include <string_view>
#include <thread>

#include "net/unique_fd.hpp"

namespace ottobot::containers {
namespace {

constexpr const char* kTable = "ottobot";
constexpr const char* kChain = "output";
constexpr std::uint32_t kLoopbackIndex = 1;  // of every network namespace
constexpr std::uint32_t kDestinationOffset = 16;
constexpr std::uint32_t kFirstRegister = NFT_REG_1;
constexpr time_t kAnswerSeconds = 5;

std::string bytes_of(std::uint32_t value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }
std::string big_endian(std::uint32_t value) { return bytes_of(htonl(value)); }

std::string attribute(std::uint16_t type, std::string_view value) {
  const nlattr head{static_cast<std::uint16_t>(sizeof(nlattr) + value.size()), type};
  std::string bytes(reinterpret_cast<const char*>(&head), sizeof head);
  bytes.append(value);
  bytes.resize(NLA_ALIGN(bytes.size()));
  return bytes;
}

std::string nested(std::uint16_t type, const std::string& inner) {
  return attribute(static_cast<std::uint16_t>(type | NLA_F_NESTED), inner);
}

std::string text(std::uint16_t type, std::string_view value) { return attribute(type, std::string(value) + '\0'); }
std::string number(std::uint16_t type, std::uint32_t value) { return attribute(type, big_endian(value)); }
std::string data(std::uint16_t type, const std::string& value) {
  return nested(type, attribute(NFTA_DATA_VALUE, value));
}

std::string expression(const char* name, const std::string& options) {
  return nested(NFTA_LIST_ELEM, text(NFTA_EXPR_NAME, name) + nested(NFTA_EXPR_DATA, options));
}

std::string load_meta(std::uint32_t key) {
  return expression("meta", number(NFTA_META_DREG, kFirstRegister) + number(NFTA_META_KEY, key));
}

std::string compare(std::uint32_t operation, const std::string& value) {
  return expression(
      "cmp", number(NFTA_CMP_SREG, kFirstRegister) + number(NFTA_CMP_OP, operation) + data(NFTA_CMP_DATA, value));
}

std::string mask_with(const std::string& mask) {
  return expression("bitwise", number(NFTA_BITWISE_SREG, kFirstRegister) + number(NFTA_BITWISE_DREG, kFirstRegister) +
                                   number(NFTA_BITWISE_LEN, sizeof(std::uint32_t)) + data(NFTA_BITWISE_MASK, mask) +
                                   data(NFTA_BITWISE_XOR, bytes_of(0)));
}

std::string verdict(std::uint32_t code) {
  return expression("immediate",
                    number(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT) +
                        nested(NFTA_IMMEDIATE_DATA, nested(NFTA_DATA_VERDICT, number(NFTA_VERDICT_CODE, code))));
}

std::string is_protocol(std::uint8_t protocol) {
  return load_meta(NFT_META_NFPROTO) + compare(NFT_CMP_EQ, std::string(1, static_cast<char>(protocol)));
}

std::string goes_to(const Ipv4Network& network) {
  const std::uint32_t mask = network.prefix_length == 0 ? 0 : htonl(~0u << (32 - network.prefix_length));
  return is_protocol(NFPROTO_IPV4) +
         expression("payload", number(NFTA_PAYLOAD_DREG, kFirstRegister) +
                                   number(NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER) +
                                   number(NFTA_PAYLOAD_OFFSET, kDestinationOffset) +
                                   number(NFTA_PAYLOAD_LEN, sizeof network.address)) +
         mask_with(bytes_of(mask)) + compare(NFT_CMP_EQ, bytes_of(network.address & mask));
}

std::string is_reply() {
  constexpr std::uint32_t kKnown = 1u << (IP_CT_ESTABLISHED + 1) | 1u << (IP_CT_RELATED + 1);
  return expression("ct", number(NFTA_CT_DREG, kFirstRegister) + number(NFTA_CT_KEY, NFT_CT_STATE)) +
         mask_with(bytes_of(kKnown)) + compare(NFT_CMP_NEQ, bytes_of(0));
}

class Batch {
 public:
  Batch() { control(NFNL_MSG_BATCH_BEGIN); }
  void table(std::uint16_t kind) { add(kind, NLM_F_CREATE, text(NFTA_TABLE_NAME, kTable)); }
  void chain() {
    add(NFT_MSG_NEWCHAIN, NLM_F_CREATE,
        text(NFTA_CHAIN_TABLE, kTable) + text(NFTA_CHAIN_NAME, kChain) +
            nested(NFTA_CHAIN_HOOK, number(NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT) + number(NFTA_HOOK_PRIORITY, 0)) +
            text(NFTA_CHAIN_TYPE, "filter") + number(NFTA_CHAIN_POLICY, NF_ACCEPT));
  }
  void rule(const std::string& expressions) {
    add(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
        text(NFTA_RULE_TABLE, kTable) + text(NFTA_RULE_CHAIN, kChain) + nested(NFTA_RULE_EXPRESSIONS, expressions));
  }
  std::string take() {
    control(NFNL_MSG_BATCH_END);
    return std::move(bytes_);
  }

 private:
  void control(std::uint16_t type) { message(type, 0, AF_UNSPEC, htons(NFNL_SUBSYS_NFTABLES), {}); }
  void add(std::uint16_t kind, int flags, const std::string& attributes) {
    message(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | kind), flags | NLM_F_ACK, NFPROTO_INET, 0,
            attributes);
  }
  void message(std::uint16_t type, int flags, std::uint8_t family, std::uint16_t resource,
               const std::string& attributes) {
    nlmsghdr head{};
    head.nlmsg_len = static_cast<std::uint32_t>(sizeof head + sizeof(nfgenmsg) + attributes.size());
    head.nlmsg_type = type;
    head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    head.nlmsg_seq = sequence_++;
    const nfgenmsg family_part{family, NFNETLINK_V0, resource};
    bytes_.append(reinterpret_cast<const char*>(&head), sizeof head);
    bytes_.append(reinterpret_cast<const char*>(&family_part), sizeof family_part);
    bytes_.append(attributes);
  }

  std::string bytes_;
  std::uint32_t sequence_ = 0;
};

Failure filter_error(int error) {
  const bool missing = error == EPROTONOSUPPORT || error == EOPNOTSUPP || error == EINVAL || error == ENOENT;
  if (!missing) return errno_error("cannot install a packet filter", error);
  return unsupported(std::string("this kernel has no packet filter for sandboxes (nf_tables): ") + std::strerror(error),
                     "modprobe nf_tables, on the machine that runs the containers");
}

// Every message asked for an answer; those of a batch come together once it is done.
Result<void> read_answers(int netlink, std::size_t expected) {
  alignas(nlmsghdr) char buffer[8192];
  while (expected > 0) {
    const ssize_t got = ::recv(netlink, buffer, sizeof buffer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return errno_error("no answer from the packet filter", got < 0 ? errno : EIO);
    auto left = static_cast<unsigned>(got);
    for (auto* head = reinterpret_cast<nlmsghdr*>(buffer); NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
      if (head->nlmsg_type != NLMSG_ERROR) continue;
      const int error = static_cast<const nlmsgerr*>(NLMSG_DATA(head))->error;
      if (error != 0) return filter_error(-error);
      if (expected > 0) --expected;
    }
  }
  return {};
}

std::size_t count_answers(const std::string& batch) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < batch.size();) {
    nlmsghdr head{};
    std::memcpy(&head, batch.data() + at, sizeof head);
    if ((head.nlmsg_flags & NLM_F_ACK) != 0) ++count;
    at += head.nlmsg_len;
  }
  return count;
}

bool is_own_namespace(int netns_fd) {
  struct stat own {};
  struct stat other {};
  return ::stat("/proc/self/ns/net", &own) != 0 || ::fstat(netns_fd, &other) != 0 ||
         (own.st_ino == other.st_ino && own.st_dev == other.st_dev);
}

}  // namespace

std::string encode_network_filter(const NetworkFilter& filter) {
  Batch batch;
  batch.table(NFT_MSG_NEWTABLE);
  batch.table(NFT_MSG_DELTABLE);
  batch.table(NFT_MSG_NEWTABLE);
  batch.chain();
  batch.rule(load_meta(NFT_META_OIF) + compare(NFT_CMP_EQ, bytes_of(kLoopbackIndex)) + verdict(NF_ACCEPT));
  if (filter.replies_pass) batch.rule(is_reply() + verdict(NF_ACCEPT));
  batch.rule(is_protocol(NFPROTO_IPV6) + verdict(NF_DROP));
  for (const auto& network : filter.blocked) batch.rule(goes_to(network) + verdict(NF_DROP));
  return batch.take();
}

Result<void> install_network_filter(const NetworkFilter& filter) {
  const std::string batch = encode_network_filter(filter);
  net::UniqueFd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!netlink) return filter_error(errno);
  const timeval patience{kAnswerSeconds, 0};
  ::setsockopt(netlink.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::send(netlink.get(), batch.data(), batch.size(), 0) != static_cast<ssize_t>(batch.size())) {
    return filter_error(errno);
  }
  if (auto installed = read_answers(netlink.get(), count_answers(batch)); !installed) return installed;
  // So that what is dropped anyway fails at once instead of waiting. Replies need their way back.
  if (!filter.replies_pass) (void)block_networks(filter.blocked);
  return {};
}

Result<void> install_network_filter(const NetworkFilter& filter, int netns_fd) {
  if (is_own_namespace(netns_fd)) return invalid_argument("this is our own network namespace");
  Result<void> installed;
  // A thread that has been in there is of no use for anything else.
  std::thread([&] {
    installed = ::setns(netns_fd, CLONE_NEWNET) == 0
                    ? install_network_filter(filter)
                    : Result<void>(errno_error("cannot enter the sandbox's network", errno));
  }).join();
  return installed;
}

std::string to_string(const Ipv4Network& network) {
  char address[INET_ADDRSTRLEN];
  in_addr raw{network.address};
  ::inet_ntop(AF_INET, &raw, address, sizeof address);
  return std::string(address) + "/" + std::to_string(network.prefix_length);
}

Result<Ipv4Network> parse_ipv4_network(const std::string& text) {
  const auto slash = text.find('/');
  in_addr address{};
  unsigned length = 32;
  bool valid = ::inet_pton(AF_INET, text.substr(0, slash).c_str(), &address) == 1;
  if (slash != std::string::npos) {
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + slash + 1, end, length);
    valid = valid && read.ec == std::errc{} && read.ptr == end && length <= 32;
  }
  if (!valid) return invalid_argument("not an IPv4 network: \"" + text + "\"", "an example: 10.0.0.0/8");
  return Ipv4Network{address.s_addr, static_cast<unsigned char>(length)};
}

}  // namespace ottobot::containers
