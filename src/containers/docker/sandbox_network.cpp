#include "containers/docker/sandbox_network.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "containers/common/files.hpp"
#include "containers/common/network_filter.hpp"
#include "containers/docker/program_archive.hpp"
#include "net/unique_fd.hpp"

namespace ottobot::containers {
namespace {

constexpr std::chrono::milliseconds kHelperTime{30'000};
constexpr std::chrono::milliseconds kCleanupTime{10'000};
constexpr std::size_t kLongestComplaint = 2000;
constexpr const char* kHelperRole = "network";
constexpr const char* kFilterHint =
    "its host needs the kernel's nf_tables (modprobe nf_tables); CONTAINER_NETWORK=none does without a network";

void add_network(std::vector<Ipv4Network>& networks, const std::string& text) {
  if (auto network = parse_ipv4_network(text)) networks.push_back(*network);
}

// Addresses that are the engine's machine, and other containers.
Result<std::vector<Ipv4Network>> networks_to_block(const DockerSite& site, const CallContext& ctx) {
  const bool is_here = site.engine.address().is_unix();
  std::vector<Ipv4Network> blocked = blocked_networks(is_here);
  if (!is_here) add_network(blocked, site.engine.address().host);
  auto known = site.engine.list_networks(ctx);
  if (!known) return fail(known.error());
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

class Helper {
 public:
  Helper(const DockerSite& site, const DockerRecord& record, const ContainerFacts& container)
      : site_(site), record_(record), container_(container) {}
  ~Helper() {
    if (!id_.empty()) (void)site_.engine.remove(id_, with_timeout(kCleanupTime));
  }
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;

  Result<void> run(std::vector<std::string> arguments, const CallContext& ctx) {
    if (auto removed = remove_helper(site_, record_.name, ctx); !removed) return removed;
    HelperPlan plan;
    plan.image = record_.image;
    plan.container = container_.id;
    plan.labels = site_.labels_of(record_.name, {{kRoleLabel, kHelperRole}});
    plan.arguments = std::move(arguments);
    if (record_.in_folders) plan.sandboxd = site_.options.sandboxd_path;
    auto made = site_.engine.create(site_.helper_name(record_.name), helper_spec(plan), ctx);
    if (!made) return fail(made.error());
    id_ = *made;
    if (auto given = give_program(ctx); !given) return given;
    if (auto started = site_.engine.start(id_, ctx); !started) return started;
    return await(ctx.within(kHelperTime));
  }

 private:
  Result<void> give_program(const CallContext& ctx) {
    if (record_.in_folders) return {};
    return put_program(site_.engine, id_, site_.options.sandboxd_path, ctx);
  }
  Result<void> await(const CallContext& ctx) {
    auto code = site_.engine.wait_ended(id_, ctx);
    if (!code) return fail(code.error());
    if (*code == 0) return {};
    return unavailable(site_.engine.logs(id_, 5, kLongestComplaint, ctx).value_or("exit code " + std::to_string(*code)));
  }

  const DockerSite& site_;
  const DockerRecord& record_;
  const ContainerFacts& container_;
  std::string id_;
};

std::string joined(const std::vector<Ipv4Network>& networks) {
  std::string all;
  for (const auto& network : networks) all += (all.empty() ? "" : ",") + to_string(network);
  return all;
}

}  // namespace

Result<void> ensure_network(DockerSite& site, const CallContext& ctx) {
  std::unique_lock lock(site.network_mutex);
  const std::string name = site.network_name();
  auto known = site.engine.inspect_network(name, ctx);
  if (!known) return fail(known.error());
  if (!*known) {
    auto made = site.engine.create_network(network_spec(name, {{labels::kInstance, site.options.instance}}), ctx);
    // Another process may have been quicker.
    if (made || made.error().code != ErrorCode::conflict) return made;
    known = site.engine.inspect_network(name, ctx);
    if (!known) return fail(known.error());
  }
  if (*known && site.is_ours((*known)->labels)) return {};
  return conflict("the container engine has another network " + name,
                  "remove it (docker network rm " + name + "), or set CONTAINER_NETWORK to another name");
}

Result<void> remove_helper(const DockerSite& site, const std::string& name, const CallContext& ctx) {
  auto known = site.engine.inspect(site.helper_name(name), ctx);
  if (!known) return fail(known.error());
  if (!*known || !site.is_ours((*known)->labels)) return {};
  return site.engine.remove((*known)->id, ctx);
}

void release_network(DockerSite& site, const CallContext& ctx) {
  if (!site.has_network()) return;
  std::unique_lock lock(site.network_mutex, std::try_to_lock);
  if (!lock) return;  // somebody is just launching
  auto left = site.engine.list({{labels::kInstance, site.options.instance}}, ctx);
  if (!left || !left->empty()) return;
  auto known = site.engine.inspect_network(site.network_name(), ctx);
  if (!known || !*known || !site.is_ours((*known)->labels)) return;
  if (auto removed = site.engine.remove_network(site.network_name(), ctx); !removed) {
    site.log.warn("docker: the network stays: " + removed.error().to_string(), {{"network", site.network_name()}});
  }
}

Result<void> confine_network(const DockerSite& site, const DockerRecord& record, const ContainerFacts& container,
                             const CallContext& ctx) {
  if (!site.has_network()) return {};
  auto blocked = networks_to_block(site, ctx);
  if (!blocked) return fail(blocked.error());
  NetworkFilter filter{std::move(*blocked), !record.in_folders};
  Result<void> done;
  net::UniqueFd netns;
  if (site.engine.address().is_unix()) netns = open_namespace(container);
  if (netns) {
    done = install_network_filter(filter, netns.get());
  } else {
    std::vector<std::string> arguments = {"--block-networks", joined(filter.blocked)};
    if (filter.replies_pass) arguments.push_back("--pass-replies");
    done = Helper(site, record, container).run(std::move(arguments), ctx);
  }
  if (done) return {};
  if (auto more = ctx.check(); !more) return more;
  Error error = done.error();
  error.message = "the sandbox's network cannot be confined: " + error.message;
  if (error.hint.empty()) error.hint = kFilterHint;
  return fail(std::move(error));
}

}  // namespace ottobot::containers
