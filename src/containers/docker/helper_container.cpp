#include "containers/docker/helper_container.hpp"

#include "containers/docker/container_spec.hpp"
#include "containers/docker/program_archive.hpp"

namespace ottobot::containers {
namespace {

constexpr std::chrono::milliseconds kHelperTime{30'000};
constexpr std::chrono::milliseconds kCleanupTime{5'000};
constexpr std::size_t kLongestWords = 16 << 10;
constexpr std::size_t kLongestComplaint = 2000;
constexpr int kComplaintLines = 5;
constexpr int kUploads = 3;
constexpr const char* kHelperRole = "helper";

// An engine may take a file, say so, and not have it (Docker 20.10, busy, seen once in some hundreds).
bool is_without_program(const Error& error) {
  return error.message.find(kUploadedProgram) != std::string::npos &&
         error.message.find("no such file") != std::string::npos;
}

Result<void> start_with_program(const DockerSite& site, const std::string& id, const CallContext& ctx) {
  for (int attempt = 1;; ++attempt) {
    if (auto given = put_program(site.engine, id, site.options.sandboxd_path, ctx); !given) return given;
    auto started = site.engine.start(id, ctx);
    if (started || attempt == kUploads || !is_without_program(started.error())) return started;
  }
}

Result<std::string> run_once(const DockerSite& site, const HelperPlan& plan, const std::string& id,
                             const CallContext& ctx) {
  auto started = plan.brings_program ? start_with_program(site, id, ctx) : site.engine.start(id, ctx);
  if (!started) return fail(started.error());
  auto code = site.engine.wait_ended(id, ctx.within(kHelperTime));
  if (!code) return fail(code.error());
  if (*code == 0) return site.engine.output(id, kLongestWords, ctx);
  const auto said = site.engine.logs(id, kComplaintLines, kLongestComplaint, ctx).value_or("");
  return unavailable(said.empty() ? "exit code " + std::to_string(*code) : to_valid_utf8(said));
}

}  // namespace

Result<std::string> run_helper(const DockerSite& site, const DockerRecord& record, HelperPlan plan,
                               const CallContext& ctx) {
  plan.image = record.image;
  plan.labels = site.labels_of(record.name, {{kRoleLabel, kHelperRole}});
  if (record.in_folders) plan.sandboxd = site.options.sandboxd_path;
  auto made = site.create(site.helper_name(record.name), helper_spec(plan), ctx);
  if (!made) return fail(made.error());
  auto done = run_once(site, plan, *made, ctx);
  (void)site.engine.remove(*made, with_timeout(kCleanupTime));
  return done;
}

Result<void> remove_helper(const DockerSite& site, const std::string& name, const CallContext& ctx) {
  auto known = site.engine.inspect(site.helper_name(name), ctx);
  if (!known) return fail(known.error());
  if (!*known || !site.is_ours((*known)->labels)) return {};
  return site.engine.remove((*known)->id, ctx);
}

}  // namespace ottobot::containers
