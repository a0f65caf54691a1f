#include "containers/docker/docker_site.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "containers/common/files.hpp"
#include "containers/common/wait_until.hpp"

namespace ottobot::containers {
namespace {

bool is_absolute(const std::string& path) { return !path.empty() && path.front() == '/'; }

// Of networks and containers: [a-zA-Z0-9][a-zA-Z0-9_.-]*.
bool is_engine_name(const std::string& name) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-'; };
  return !name.empty() && std::isalnum(static_cast<unsigned char>(name.front())) != 0 && name.size() <= 128 &&
         std::all_of(name.begin(), name.end(), allowed);
}

Result<void> check(const DockerOptions& options) {
  if (!is_absolute(options.state_dir)) return invalid_field("state_dir", "must be an absolute path");
  if (!is_absolute(options.sandboxd_path)) return invalid_field("sandboxd_path", "must be an absolute path");
  if (!is_valid_name(options.instance)) return invalid_field("instance", "must be 1 to 64 of A-Za-z0-9_-");
  if (!is_engine_name(options.network)) return invalid_field("network", "must be a network's name, or none");
  if (options.uid == 0) return invalid_field("uid", "must not be root");
  return {};
}

Result<void> fill_in(DockerOptions& options) {
  if (options.runtime_dir.empty()) options.runtime_dir = default_runtime_dir();
  auto state_dir = own_folder(options.state_dir, 0700);
  if (!state_dir) return fail(state_dir.error(), "state_dir");
  options.state_dir = *state_dir;
  auto runtime_dir = own_folder(options.runtime_dir, 0711);
  if (!runtime_dir) return fail(runtime_dir.error(), "runtime_dir");
  options.runtime_dir = *runtime_dir;
  return {};
}

const std::string* find_label(const LabelMap& labels, const char* key) {
  const auto found = labels.find(key);
  return found == labels.end() ? nullptr : &found->second;
}

constexpr std::chrono::minutes kAddressesHold{1};

}  // namespace

Result<MachineAddresses::Addresses> MachineAddresses::get(const std::function<Result<Addresses>()>& look) {
  std::lock_guard lock(mutex_);
  if (found_at_ && std::chrono::steady_clock::now() - *found_at_ < kAddressesHold) return found_;
  auto found = look();
  if (!found) return found;
  found_ = std::move(*found);
  found_at_ = std::chrono::steady_clock::now();
  return found_;
}

Result<std::unique_ptr<DockerSite>> DockerSite::make(DockerOptions options, Clock& clock, Logger& logger) {
  if (auto valid = check(options); !valid) return fail(valid.error());
  auto address = parse_engine_address(options.engine);
  if (!address) return fail(address.error());
  if (auto filled = fill_in(options); !filled) return fail(filled.error());
  auto client = EngineClient::make(std::move(*address), options.call_timeout);
  if (!client) return fail(client.error());
  auto site = std::make_unique<DockerSite>(std::move(options), std::move(*client), clock, logger);
  if (auto made = ensure_folder(site->sandboxes_dir(), 0700); !made) return fail(made.error());
  return site;
}

LabelMap DockerSite::labels_of(const std::string& name, const LabelMap& wanted) const {
  LabelMap labels = wanted;
  labels[labels::kInstance] = options.instance;
  labels[kNameLabel] = name;
  return labels;
}

bool DockerSite::is_ours(const LabelMap& labels) const {
  const std::string* instance = find_label(labels, labels::kInstance);
  return instance != nullptr && *instance == options.instance;
}

std::string DockerSite::helped_by(const ContainerFacts& facts) const {
  const std::string* name = find_label(facts.labels, kNameLabel);
  const bool is_helper = is_ours(facts.labels) && name != nullptr && is_valid_name(*name) &&
                         facts.name == helper_name(*name) && find_label(facts.labels, kRoleLabel) != nullptr;
  return is_helper ? *name : "";
}

bool DockerSite::is_sandbox(const ContainerFacts& facts) const {
  const std::string* name = find_label(facts.labels, kNameLabel);
  return is_ours(facts.labels) && name != nullptr && is_valid_name(*name) && facts.name == container_name(*name) &&
         find_label(facts.labels, kRoleLabel) == nullptr;
}

uid_t DockerSite::sandbox_uid() const { return ::geteuid() == 0 ? options.uid : ::geteuid(); }
gid_t DockerSite::sandbox_gid() const { return ::geteuid() == 0 ? options.uid : ::getegid(); }

Result<std::string> DockerSite::create(const std::string& name, const Json& spec, const CallContext& ctx) const {
  Result<std::string> made = unavailable("the container engine makes no container " + name);
  const CallContext limited = ctx.within(options.start_timeout);
  CallContext trying = ctx;
  auto settled = wait_until(
      [&] {
        made = engine.create(name, spec, std::exchange(trying, limited));
        if (made || made.error().code != ErrorCode::conflict) return true;
        // A name is taken before its container can be seen.
        auto holder = engine.inspect(name, ctx);
        if (!holder || (*holder && !is_ours((*holder)->labels))) return true;
        if (*holder) (void)engine.remove((*holder)->id, ctx);
        return false;
      },
      limited);
  if (auto more = ctx.check(); !settled && !more) return fail(more.error());
  return made;
}

Endpoint DockerSite::endpoint(const DockerRecord& record) const {
  Endpoint endpoint{record.endpoint_url, record.token, {}};
  if (record.in_folders) endpoint.peer_uid = record.uid;
  return endpoint;
}

Result<EngineFacts> DockerSite::facts(const CallContext& ctx) {
  {
    std::lock_guard lock(facts_mutex_);
    if (facts_) return *facts_;
  }
  // Without the mutex: an engine that hangs must hold up nobody else.
  auto facts = engine.facts(ctx);
  if (!facts) return fail(facts.error());
  std::lock_guard lock(facts_mutex_);
  facts_ = *facts;
  return facts;
}

}  // namespace ottobot::containers
