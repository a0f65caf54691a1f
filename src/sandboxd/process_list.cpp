#include "sandboxd/process_list.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "net/unique_fd.hpp"
#include "ottobot/json.hpp"
#include "sandboxd/files.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kMaxCommand = 4096;

std::string read_proc(pid_t pid, const char* name) {
  net::UniqueFd fd(::open(("/proc/" + std::to_string(pid) + "/" + name).c_str(), O_RDONLY | O_CLOEXEC));
  return fd ? read_range(fd.get(), 0, kMaxCommand).value_or("") : "";
}

std::string command_of(pid_t pid, const std::string& program) {
  std::string command = read_proc(pid, "cmdline");
  while (!command.empty() && command.back() == '\0') command.pop_back();
  std::replace(command.begin(), command.end(), '\0', ' ');
  return command.empty() ? "[" + program + "]" : to_valid_utf8(command);
}

}  // namespace

std::optional<ProcessRow> read_process_row(pid_t pid) {
  // "pid (name) state ppid pgrp …": the name may contain anything.
  std::string stat = read_proc(pid, "stat");
  std::size_t open = stat.find('(');
  std::size_t close = stat.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return std::nullopt;
  ProcessRow row;
  row.pid = pid;
  if (std::sscanf(stat.c_str() + close + 1, " %c %d %d", &row.state, &row.parent, &row.group) != 3) return std::nullopt;
  unsigned long long pages = 0;
  if (std::sscanf(read_proc(pid, "statm").c_str(), "%*u %llu", &pages) == 1) {
    row.memory_kib = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024;
  }
  row.command = command_of(pid, stat.substr(open + 1, close - open - 1));
  return row;
}

std::vector<ProcessRow> read_processes() {
  std::vector<ProcessRow> rows;
  net::UniqueFd folder(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  auto entries = list_directory(folder.get());
  if (!entries) return rows;
  for (const DirectoryEntry& entry : *entries) {
    pid_t pid = 0;
    const char* end = entry.name.data() + entry.name.size();
    if (std::from_chars(entry.name.data(), end, pid).ptr != end) continue;
    if (auto row = read_process_row(pid)) rows.push_back(std::move(*row));
  }
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
  return rows;
}

}  // namespace ottobot::sandboxd
