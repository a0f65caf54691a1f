#include "doctor_checks.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <system_error>

#include "api/novnc_assets.hpp"
#include "builtins.hpp"
#include "net/process/spawn.hpp"
#include "net/tls/tls_context.hpp"
#include "net/unique_fd.hpp"
#include "port_owner.hpp"

namespace ottobot::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kProbe{15};
constexpr std::uintmax_t kLittleSpace = 1ull << 30;

struct Program {
  const char* name;
  const char* package;
  const char* purpose;
  bool required;
};
constexpr Program kPrograms[] = {
    {"bwrap", "bubblewrap", "sandboxes", true},
    {"slirp4netns", "slirp4netns", "network in sandboxes", false},
    {"Xvnc", "tigervnc-standalone-server", "desktops", false},
    {"jwm", "jwm", "windows on desktops", false},
    {"xterm", "xterm", "the terminal on desktops", false},
    {"tsc", "node-typescript", "the demonstration's TypeScript project", false},
};

Finding check_program(const Program& program, bool sandboxes_are_local) {
  if (net::has_program(program.name)) return {program.name, Verdict::good, std::string(program.name) + " is there", {}};
  return {program.name, program.required && sandboxes_are_local ? Verdict::bad : Verdict::warning,
          std::string(program.name) + " is missing, so there will be no " + program.purpose,
          std::string("apt-get install -y ") + program.package};
}

Finding range_finding(const char* name, int first, int last) {
  const std::string shown = std::string(name) + " ports " + std::to_string(first) + "-" + std::to_string(last);
  if (first == 0) return {name, Verdict::good, std::string(name) + " ports are off; the API's port serves all", {}};
  int free = 0;
  for (int port = first; port <= last; ++port) free += is_port_free("127.0.0.1", port) ? 1 : 0;
  const int all = last - first + 1;
  if (free == all) return {name, Verdict::good, shown + " are free", {}};
  return {name, Verdict::warning,
          shown + ": " + std::to_string(all - free) + " of " + std::to_string(all) + " are taken",
          std::string("set ") + name + "_PORT_RANGE_START and " + name + "_PORT_RANGE_END"};
}

std::string process_of_lock(const fs::path& dir) {
  const net::UniqueFd lock(::open((dir / "lock").c_str(), O_RDONLY | O_CLOEXEC));
  if (!lock || ::flock(lock.get(), LOCK_SH | LOCK_NB) == 0) return {};
  return "in use by a running server";
}

}  // namespace

std::vector<Finding> check_programs(bool sandboxes_are_local) {
  std::vector<Finding> findings;
  for (const auto& program : kPrograms) findings.push_back(check_program(program, sandboxes_are_local));
  return findings;
}

Finding check_sandboxd(const DoctorContext& context) {
  auto path = find_sandboxd(context.settings);
  if (path) return {"sandboxd", Verdict::good, "ottobot-sandboxd is " + path->string(), {}};
  return {"sandboxd", Verdict::bad, path.error().message, path.error().hint};
}

Finding check_backend(const DoctorContext& context) {
  const auto scratch = fs::temp_directory_path() / ("ottobot-doctor-" + std::to_string(::getpid()));
  std::error_code ignored;
  fs::create_directory(scratch, ignored);
  config::BuildContext build{context.settings, system_clock(), context.logger, scratch, "doctor"};
  auto backend = context.registry.backends.make(context.settings.backend, build);
  auto usable = backend ? (*backend)->probe(with_timeout(kProbe)) : fail(backend.error());
  const auto name = backend ? (*backend)->name() : context.settings.backend;
  if (backend) backend->reset();
  fs::remove_all(scratch, ignored);
  if (usable) return {"backend", Verdict::good, "the backend " + name + " works", {}};
  return {"backend", Verdict::bad, "the backend " + name + " does not work: " + usable.error().message,
          usable.error().hint};
}

Finding check_port(const DoctorContext& context) {
  const int port = context.settings.port;
  const auto number = std::to_string(port);
  if (port == 0) return {"port", Verdict::good, "any free port will be taken", {}};
  if (is_port_free(context.settings.host, port)) return {"port", Verdict::good, "port " + number + " is free", {}};
  const auto owner = port_owner(port);
  return {"port", Verdict::bad, "port " + number + " is taken" + (owner.empty() ? "" : " by " + owner),
          "end that process, or choose another: ottobot serve --port " + std::to_string(port == 65535 ? 0 : port + 1)};
}

std::vector<Finding> check_port_ranges(const DoctorContext& context) {
  const auto& settings = context.settings;
  return {range_finding("VNC", settings.vnc_first, settings.vnc_last),
          range_finding("MCP", settings.mcp_first, settings.mcp_last)};
}

std::vector<Finding> check_tls(const DoctorContext& context) {
  const net::TlsFiles files{context.settings.tls_cert, context.settings.tls_key};
  if (files.cert.empty()) return {};
  const auto warnings = net::check_tls_files(files, system_clock().now_ms());
  if (!warnings) return {{"tls", Verdict::bad, warnings.error().message, warnings.error().hint}};
  if (warnings->empty()) return {{"tls", Verdict::good, "certificate and key can be used: " + files.cert.string(), {}}};
  std::vector<Finding> findings;
  for (const auto& warning : *warnings) findings.push_back({"tls", Verdict::warning, warning, {}});
  return findings;
}

Finding check_data_dir(const DoctorContext& context) {
  const auto& dir = context.settings.data_dir;
  fs::path existing = dir;
  std::error_code error;
  while (!fs::exists(existing, error) && existing.has_relative_path()) existing = existing.parent_path();
  if (!fs::is_directory(existing, error)) {
    return {"data_dir", Verdict::bad, existing.string() + " is not a folder", "set OTTOBOT_DATA_DIR"};
  }
  if (::access(existing.c_str(), W_OK | X_OK) != 0) {
    return {"data_dir", Verdict::bad, "cannot write into " + existing.string(),
            "install -d -m 700 -o " + std::to_string(::geteuid()) + " " + dir.string() +
                " (as root), or set OTTOBOT_DATA_DIR"};
  }
  if (const auto used = process_of_lock(dir); !used.empty()) {
    return {"data_dir", Verdict::warning, dir.string() + " is " + used, "a second one needs its own: --data-dir DIR"};
  }
  const auto free = fs::space(existing, error).available;
  const auto shown = dir.string() + ", " + std::to_string(free >> 20) + " MiB free";
  if (error || free >= kLittleSpace) return {"data_dir", Verdict::good, "data goes to " + shown, {}};
  return {"data_dir", Verdict::warning, "little space for data: " + shown, "make room, or set OTTOBOT_DATA_DIR"};
}

Finding check_novnc() {
  if (!api::novnc_assets().empty()) return {"novnc", Verdict::good, "the desktop viewer (noVNC) is built in", {}};
  return {"novnc", Verdict::warning, "built without noVNC: desktops cannot be watched in a browser",
          "apt-get install -y novnc, then build again"};
}

}  // namespace ottobot::cli
