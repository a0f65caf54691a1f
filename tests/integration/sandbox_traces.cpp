#include "integration/sandbox_traces.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <system_error>

namespace ottobot::integration {
namespace {

namespace fs = std::filesystem;
using containers::DockerEngineOptions;

constexpr std::chrono::seconds kPatience{20};

// What can be read of it: a file of a process that ends meanwhile breaks off.
std::string read_all(const fs::path& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// The real uid of a process, from /proc/PID/status; -1 when it is gone.
std::int64_t uid_of(const fs::path& process) {
  std::ifstream status(process / "status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("Uid:", 0) == 0) return std::atoll(line.c_str() + 4);
  }
  return -1;
}

std::vector<fs::path> process_folders() {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      folders.push_back(entry.path());
    }
  }
  return folders;
}

pid_t pid_of(const fs::path& process) { return static_cast<pid_t>(std::atoi(process.filename().c_str())); }

// Everything below `root` whose own name has `name` in it.
std::vector<std::string> paths_named(const fs::path& root, const std::string& name) {
  std::vector<std::string> paths;
  std::error_code error;
  fs::recursive_directory_iterator entry(root, fs::directory_options::skip_permission_denied, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (!contains(entry->path().filename(), name)) continue;
    paths.push_back(entry->path());
    entry.disable_recursion_pending();
  }
  return paths;
}

void add_lines_with(std::vector<std::string>& lines, const fs::path& file, const std::string& part) {
  std::ifstream text(file);
  for (std::string line; std::getline(text, line);) {
    if (contains(line, part)) lines.push_back(file.string() + ": " + line);
  }
}

void add_links_to(std::vector<std::string>& lines, const fs::path& folder, const std::string& part) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto target = fs::read_symlink(entry.path(), error);
    if (!error && contains(target, part)) lines.push_back(entry.path().string() + " -> " + target.string());
  }
}

}  // namespace

SandboxTraces::SandboxTraces(const fs::path& data_dir, const std::string& session_id)
    : data_dir_(data_dir),
      name_("ob-" + session_id),
      record_(parse_json(read_all(data_dir / sandboxes_folder() / name_ / "sandbox.json")).value_or(Json())) {
  if (const auto engine = test_engine()) look_at_engine(*engine);
}

void SandboxTraces::look_at_engine(containers::EngineKind engine) {
  engine_ = containers::make_engine_client(containers::engine_options(engine).value_or(DockerEngineOptions{}));
  if (!found()) return;
  const std::string path = "/containers/ottobot." + instance() + "." + name_ + "/json";
  if (auto inspected = engine_->call_json({"GET", path}, with_timeout(kPatience))) {
    container_ = containers::container_facts(*inspected);
  }
}

std::string SandboxTraces::instance() const {
  const Json* known = find_member(record_, "labels");
  return known == nullptr ? "" : get_string(*known, labels::kInstance);
}

std::string SandboxTraces::life() const {
  if (engine_) return container_.id + " " + container_.started_at;
  const Json* init = find_member(record_, "init");
  return init == nullptr ? "" : dump_json(*init);
}

pid_t SandboxTraces::daemon() const {
  if (engine_) return container_.pid;
  const Json* init = find_member(record_, "init");
  return init == nullptr ? 0 : static_cast<pid_t>(get_int(*init, "pid"));
}

bool SandboxTraces::owns(const fs::path& process) const {
  if (engine_) return !container_.id.empty() && contains(read_all(process / "cgroup"), container_.id);
  const std::int64_t uid = get_int(record_, "uid", -1);
  return (uid > 0 && uid_of(process) == uid) || contains(read_all(process / "cgroup"), name_) ||
         contains(read_all(process / "cmdline"), name_);
}

std::vector<pid_t> SandboxTraces::processes() const {
  std::vector<pid_t> pids;
  for (const auto& process : process_folders()) {
    if (owns(process)) pids.push_back(pid_of(process));
  }
  return pids;
}

std::vector<pid_t> SandboxTraces::processes_named(const std::string& command) const {
  std::vector<pid_t> pids;
  for (const pid_t pid : processes()) {
    if (read_all(fs::path("/proc") / std::to_string(pid) / "comm") == command + "\n") pids.push_back(pid);
  }
  return pids;
}

std::vector<std::string> SandboxTraces::cgroups() const {
  const std::string& name = engine_ ? container_.id : name_;
  return name.empty() ? std::vector<std::string>() : paths_named("/sys/fs/cgroup", name);
}

std::vector<std::string> SandboxTraces::remains() const {
  std::vector<std::string> found = paths_named(data_dir_, name_);
  add_lines_with(found, "/proc/self/mountinfo", name_);
  add_lines_with(found, "/proc/net/unix", name_);
  add_links_to(found, "/run/ottobot/uids", name_);
  if (engine_ && !record_.is_null()) {
    for (auto& trace : containers::engine_traces(*engine_, instance())) found.push_back(std::move(trace));
  }
  std::error_code error;
  const std::string run_dir = get_string(record_, "run_dir");
  if (fs::exists(run_dir, error)) found.push_back(run_dir);
  return found;
}

}  // namespace ottobot::integration
