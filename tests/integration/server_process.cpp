#include "integration/server_process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <system_error>

#include "integration/session_client.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::integration {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kStart{30};
constexpr std::chrono::seconds kEnd{15};
constexpr std::chrono::seconds kDelete{
    90};  // a large workspace is archived first, by programs that sanitizers slow down
constexpr const char* kPrompt = "listening on ";

// Short, so that a sandbox's socket still fits below it.
fs::path fresh_dir() { return fs::temp_directory_path() / ("oi-" + sha256_hex(new_id()).substr(0, 8)); }

// Ports far from the defaults; ten of each kind for every test that runs at the same time.
Environment ports() {
  const int first = 20000 + static_cast<int>(::getpid() % 500) * 20;
  return {{"VNC_PORT_RANGE_START", std::to_string(first)},
          {"VNC_PORT_RANGE_END", std::to_string(first + 9)},
          {"MCP_PORT_RANGE_START", std::to_string(first + 10)},
          {"MCP_PORT_RANGE_END", std::to_string(first + 19)}};
}

}  // namespace

ServerProcess::ServerProcess(const Json& scenario, Environment settings)
    : dir_(fresh_dir()), environment_(ports()), flags_{"serve", "--port", "0"} {
  fs::create_directories(dir_);
  fs::permissions(dir_, fs::perms::owner_all);
  environment_["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  environment_["HOME"] = dir_.string();
  environment_["OTTOBOT_DATA_DIR"] = (dir_ / "d").string();
  // Of a build with the address sanitizer: what was freed counts as used for as long as it is kept for it.
  environment_["ASAN_OPTIONS"] = "quarantine_size_mb=4";
  for (auto& [name, value] : backend_settings()) environment_[name] = value;
  for (auto& [name, value] : settings) environment_[name] = value;
  if (scenario.is_null()) return;
  std::ofstream(dir_ / "scenario.json") << dump_json(scenario);
  flags_.insert(flags_.end(), {"--model", "scripted:" + (dir_ / "scenario.json").string()});
}

fs::path ServerProcess::data_dir() const { return environment_.at("OTTOBOT_DATA_DIR"); }

ServerProcess::~ServerProcess() {
  if (!running_ && !start()) std::cerr << "the server does not start\n" << log();
  for (const std::string& key : api_keys()) {
    if (running_) delete_sessions(key);
  }
  if (running_ && !terminate(kEnd)) kill9();
  std::error_code ignored;
  for (const auto& left : fs::directory_iterator(data_dir() / sandboxes_folder(), ignored)) {
    ADD_FAILURE() << "the test leaves the sandbox " << left.path() << "\n" << log();
  }
  fs::remove_all(dir_, ignored);
}

// Of "user:key,user:key"; the empty one without keys.
std::vector<std::string> ServerProcess::api_keys() const {
  const auto setting = environment_.find("OTTOBOT_API_KEYS");
  if (setting == environment_.end()) return {""};
  std::vector<std::string> keys;
  std::istringstream lines(setting->second);
  for (std::string line; std::getline(lines, line, ',');) keys.push_back(line.substr(line.find(':') + 1));
  return keys;
}

void ServerProcess::delete_sessions(const std::string& api_key) const {
  const auto cert = environment_.find("OTTOBOT_TLS_CERT");
  const SessionClient client(url_, api_key, cert == environment_.end() ? std::string() : cert->second);
  const Json sessions = client.get("/session?limit=100");
  for (const Json& session : sessions.value("sessions", Json::array())) {
    const std::string id = get_string(session, "session_id");
    client.send("DELETE", "/session/" + id);
    if (!client.wait_for_status(id, "terminated", kDelete)) std::cerr << "session " << id << " is left\n" << log();
  }
}

net::SpawnOptions ServerProcess::options() const {
  net::SpawnOptions options;
  options.argv = flags_;
  options.argv.insert(options.argv.begin(), OTTOBOT_PROGRAM);
  options.env = environment_;
  options.cwd = dir_.string();
  return options;
}

Result<void> ServerProcess::start() {
  auto pipe = net::make_pipe();
  if (!pipe) return fail(pipe.error());
  const net::UniqueFd log_file(
      ::open((dir_ / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR));
  auto spawning = options();
  spawning.stdout_fd = pipe->second.get();
  spawning.stderr_fd = log_file.get();
  auto process = net::spawn(spawning);
  if (!process) return fail(process.error());
  process_ = std::move(*process);
  running_ = true;
  pipe->second.reset();
  out_ = std::move(pipe->first);
  auto line = first_line(out_.get());
  if (!line) {
    kill9();
    return fail(line.error());
  }
  url_ = line->substr(line->find(kPrompt) + std::string(kPrompt).size());
  return {};
}

Result<std::string> ServerProcess::first_line(int fd) const {
  const auto ctx = with_timeout(kStart);
  for (std::string line;;) {
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(ctx.remaining().count())) <= 0)
      return deadline_exceeded("no line\n" + log());
    char c = 0;
    if (::read(fd, &c, 1) != 1) return unavailable("it ended before its first line\n" + log());
    if (c != '\n') {
      line += c;
    } else if (line.find(kPrompt) != std::string::npos) {
      return line;
    } else {
      return internal_error("unexpected first line: " + line);
    }
  }
}

void ServerProcess::kill9() {
  if (!running_) return;
  process_.kill_group(SIGKILL);
  (void)process_.wait(with_timeout(kEnd));
  running_ = false;
}

Result<net::ExitStatus> ServerProcess::terminate(std::chrono::milliseconds patience) {
  process_.kill_group(SIGTERM);
  auto status = process_.wait(with_timeout(patience));
  if (status) running_ = false;
  return status;
}

Result<net::RunResult> ServerProcess::run_second() const { return net::run(options(), with_timeout(kStart)); }

int ServerProcess::port() const { return std::atoi(url_.substr(url_.rfind(':') + 1).c_str()); }

std::string ServerProcess::log() const {
  std::ifstream file(dir_ / "log");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace ottobot::integration
