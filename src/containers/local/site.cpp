#include "containers/local/site.hpp"

#include <unistd.h>

#include "containers/common/files.hpp"
#include "containers/local/sandbox_etc.hpp"

namespace ottobot::containers {
namespace {

Result<void> check(const LocalBackendOptions& options) {
  if (options.state_dir.empty() || options.state_dir[0] != '/') {
    return invalid_field("state_dir", "must be an absolute path");
  }
  if (options.sandboxd_path.empty() || options.sandboxd_path[0] != '/') {
    return invalid_field("sandboxd_path", "must be an absolute path");
  }
  if (!is_valid_name(options.instance)) return invalid_field("instance", "must be 1 to 64 of A-Za-z0-9_-");
  if (options.uid_count == 0 || options.first_uid == 0)
    return invalid_field("first_uid", "must be a range without root");
  return {};
}

Result<void> fill_in(LocalBackendOptions& options) {
  if (options.clock == nullptr) options.clock = &system_clock();
  if (options.logger == nullptr) options.logger = &null_logger();
  if (options.runtime_dir.empty()) options.runtime_dir = default_runtime_dir();
  auto state_dir = own_folder(options.state_dir, 0700);
  if (!state_dir) return fail(state_dir.error(), "state_dir");
  options.state_dir = *state_dir;
  auto runtime_dir = own_folder(options.runtime_dir, 0711);
  if (!runtime_dir) return fail(runtime_dir.error(), "runtime_dir");
  options.runtime_dir = *runtime_dir;
  return {};
}

Result<void> make_folders(const Site& site) {
  if (auto made = ensure_folder(site.sandboxes_dir(), 0700); !made) return made;
  return update_sandbox_etc(site.etc_dir(), site.options.extra_read_only_paths);
}

}  // namespace

Result<Site> Site::make(LocalBackendOptions options) {
  if (auto valid = check(options); !valid) return fail(valid.error());
  if (auto filled = fill_in(options); !filled) return fail(filled.error());
  HostAbilities host = inspect_host(options.first_uid, options.uid_count);
  if (!options.use_cgroups) host.cgroups = {};
  UidRange uids(options.runtime_dir + "/uids", options.first_uid, options.uid_count);
  Site site{std::move(options), std::move(host), std::move(uids)};
  if (auto made = make_folders(site); !made) return fail(made.error());
  return site;
}

std::unique_ptr<Cgroup> Site::cgroup(const std::string& name) const {
  return open_cgroup(host.cgroups, options.instance, name);
}

Endpoint Site::endpoint(const SandboxRecord& record) const {
  return {"unix:" + record.socket_path(), record.token, record.uid.value_or(::geteuid())};
}

}  // namespace ottobot::containers
