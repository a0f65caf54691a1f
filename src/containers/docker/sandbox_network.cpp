#include "containers/docker/sandbox_network.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "containers/common/files.hpp"
#include "containers/common/network_filter.hpp"
#include "containers/docker/helper_container.hpp"
#include "net/unique_fd.hpp"

namespace ottobot::containers {
namespace {

constexpr const char* kFilterHint =
    "its host needs the kernel's nf_tables (modprobe nf_tables); CONTAINER_NETWORK=none does without a network";

void add_network(std::vector<Ipv4Network>& networks, const std::string& text) {
  if (auto network = parse_ipv4_network(text)) networks.push_back(*network);
}

// Whether the machine's addresses are those of this process: the gateway of its own network is one of them. A process
// in a container has others, whatever socket leads it to the engine.
bool is_on_machine(const DockerSite& site, const std::vector<NetworkFacts>& known) {
  const auto own = own_addresses();
  for (const auto& network : known) {
    if (network.name != site.network_name()) continue;
    for (const auto& gateway : network.gateways) {
      const auto parsed = parse_ipv4_network(gateway);
      const auto is_it = [&](const Ipv4Network& address) { return address.address == parsed->address; };
      if (parsed && std::any_of(own.begin(), own.end(), is_it)) return true;
    }
  }
  return false;
}

// Asked of a container in the machine's own network.
Result<std::vector<Ipv4Network>> look_for_addresses(const DockerSite& site, const DockerRecord& record,
                                                    const CallContext& ctx) {
  HelperPlan helper;
  helper.arguments = {"--show-addresses"};
  helper.network = "host";
  auto said = run_helper(site, record, std::move(helper), ctx);
  if (!said) return fail(said.error(), "the addresses of the engine's machine");
  std::vector<Ipv4Network> addresses;
  std::istringstream lines(*said);
  for (std::string line; std::getline(lines, line);) add_network(addresses, line);
  if (addresses.empty()) return unavailable("the engine's machine has no addresses");
  return addresses;
}

// Addresses that are the engine's machine, and other containers.
Result<std::vector<Ipv4Network>> networks_to_block(const DockerSite& site, const DockerRecord& record,
                                                   const CallContext& ctx) {
  auto known = site.engine.list_networks(ctx);
  if (!known) return fail(known.error());
  // Without folders in common the engine has a machine, or users, of its own.
  const bool is_here = site.engine.address().is_unix() && (!record.in_folders || is_on_machine(site, *known));
  std::vector<Ipv4Network> blocked = blocked_networks(is_here);
  if (!site.engine.address().is_unix()) add_network(blocked, site.engine.address().host);
  if (!is_here && record.in_folders) {
    auto addresses = site.machine_addresses.get([&] { return look_for_addresses(site, record, ctx); });
    if (!addresses) return fail(addresses.error());
    blocked.insert(blocked.end(), addresses->begin(), addresses->end());
  }
  for (const auto& network : *known) {
    const bool own = network.name == site.network_name();
    for (const auto& gateway : network.gateways) add_network(blocked, gateway);
    if (!own && is_here) continue;
    for (const auto& subnet : network.subnets) add_network(blocked, subnet);
  }
  return blocked;
}

// The container's network namespace, where this process can have it: as root and among the engine's processes. The pid
// is the engine's word, so the control group has to say the same.
net::UniqueFd open_namespace(const ContainerFacts& container) {
  if (::geteuid() != 0 || container.pid <= 1 || container.id.empty()) return {};
  const std::string process = "/proc/" + std::to_string(container.pid);
  net::UniqueFd fd(::open((process + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
  const auto groups = read_text(process + "/cgroup");
  if (!groups || groups->find(container.id) == std::string::npos) return {};
  return fd;
}

Result<std::vector<NetworkFacts>> networks_of_our_name(const DockerSite& site, const CallContext& ctx) {
  auto known = site.engine.list_networks(ctx);
  if (!known) return fail(known.error());
  std::erase_if(*known, [&](const NetworkFacts& network) { return network.name != site.network_name(); });
  return known;
}

Failure anothers_network(const DockerSite& site) {
  const std::string name = site.network_name();
  return conflict("the container engine has another network " + name,
                  "remove it (docker network rm " + name + "), or set CONTAINER_NETWORK to another name");
}

std::string joined(const std::vector<Ipv4Network>& networks) {
  std::string all;
  for (const auto& network : networks) all += (all.empty() ? "" : ",") + to_string(network);
  return all;
}

}  // namespace

Result<void> ensure_network(DockerSite& site, const CallContext& ctx) {
  std::unique_lock lock(site.network_mutex);
  auto known = networks_of_our_name(site, ctx);
  if (!known) return fail(known.error());
  for (const auto& network : *known) {
    if (!site.is_ours(network.labels)) return anothers_network(site);
  }
  if (known->empty()) {
    auto made = site.engine.create_network(
        network_spec(site.network_name(), {{labels::kInstance, site.options.instance}}), ctx);
    // Another process may have been quicker.
    return made || made.error().code != ErrorCode::conflict ? made : Result<void>();
  }
  // An engine is not always kept from making two at once. It refuses to remove the one that is in use.
  for (std::size_t left = known->size(); const auto& network : *known) {
    if (left > 1 && site.engine.remove_network(network.id, ctx)) --left;
  }
  return {};
}

Result<bool> has_network(const DockerSite& site, const CallContext& ctx) {
  auto known = networks_of_our_name(site, ctx);
  if (!known) return fail(known.error());
  return known->size() == 1;
}

void release_network(DockerSite& site, const CallContext& ctx) {
  if (!site.has_network()) return;
  std::unique_lock lock(site.network_mutex, std::try_to_lock);
  if (!lock) return;  // somebody is just launching
  auto left = site.engine.list({{labels::kInstance, site.options.instance}}, ctx);
  if (!left || !left->empty()) return;
  const auto known = networks_of_our_name(site, ctx).value_or(std::vector<NetworkFacts>());
  for (const auto& network : known) {
    if (!site.is_ours(network.labels)) continue;
    if (auto removed = site.engine.remove_network(network.id, ctx); !removed) {
      site.log.warn("docker: the network stays: " + removed.error().to_string(), {{"network", network.name}});
    }
  }
}

Result<void> confine_network(const DockerSite& site, const DockerRecord& record, const ContainerFacts& container,
                             const CallContext& ctx) {
  if (!site.has_network()) return {};
  auto blocked = networks_to_block(site, record, ctx);
  if (!blocked) return fail(blocked.error());
  NetworkFilter filter{std::move(*blocked), !record.in_folders};
  Result<void> done;
  net::UniqueFd netns;
  if (site.engine.address().is_unix()) netns = open_namespace(container);
  if (netns) {
    done = install_network_filter(filter, netns.get());
  } else {
    HelperPlan helper;
    helper.arguments = {"--block-networks", joined(filter.blocked)};
    if (filter.replies_pass) helper.arguments.push_back("--pass-replies");
    helper.capability = "NET_ADMIN";
    helper.network = "container:" + container.id;
    if (!record.in_folders) helper.volumes_from = container.id + ":ro";
    if (auto helped = run_helper(site, record, std::move(helper), ctx); !helped) done = fail(helped.error());
  }
  if (done) return {};
  if (auto more = ctx.check(); !more) return more;
  Error error = done.error();
  error.message = "the sandbox's network cannot be confined: " + error.message;
  if (error.hint.empty()) error.hint = kFilterHint;
  return fail(std::move(error));
}

}  // namespace ottobot::containers
