// The processes of the sandbox, from /proc.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace ottobot::sandboxd {

struct ProcessRow {
  pid_t pid = 0, parent = 0, group = 0;
  char state = '?';  // as in proc(5)
  std::uint64_t memory_kib = 0;
  std::string command;  // arguments joined by spaces, else the program's name in brackets
};

// In order of pid; those that end meanwhile are left out.
std::vector<ProcessRow> read_processes();
std::optional<ProcessRow> read_process_row(pid_t pid);

}  // namespace ottobot::sandboxd
