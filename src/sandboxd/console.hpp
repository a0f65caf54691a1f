// What a human sees of the agent's work: a bounded log file with colours, followed by the console window of the
// desktop.
//
// Commands appear as they start, their output as it comes, exit code and duration at their end; changed files as short
// diffs. It is written whether or not somebody looks, so that a late viewer sees what happened before. Thread-safe;
// never fails (a full disk loses lines).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "net/unique_fd.hpp"
#include "sandboxd/control_filter.hpp"

namespace ottobot::sandboxd {

class Console {
 public:
  // `path` is made anew; beyond `max_bytes` only the later half is kept. `root` is shown as "~/NAME".
  Console(std::string path, std::string root, std::size_t max_bytes = 8U << 20U);

  const std::string& path() const { return path_; }
  // `source` names the process; `folder` is absolute.
  void command_started(const std::string& source, const std::string& folder, const std::string& command);
  void output(const std::string& source, std::string_view bytes);
  // `outcome`: "exit 0", "killed by signal 9", …
  void command_finished(const std::string& source, bool ok, const std::string& outcome,
                        std::chrono::milliseconds duration);
  // `verb`: "edit", "create", "delete"; `diff` as short_diff() makes it.
  void file_changed(std::string_view verb, const std::string& path, std::string_view diff);

 private:
  struct Source {
    ControlFilter filter;
    std::string command;
  };
  std::string shown_folder(const std::string& folder) const;
  void speak_as(const std::string& source);
  void begin_line();
  void append(std::string_view text);
  void rotate();
  std::size_t take_budget(std::size_t wanted);

  const std::string path_, root_;
  const std::size_t max_bytes_;
  std::mutex mutex_;  // guards all below
  net::UniqueFd fd_;
  std::size_t size_ = 0;
  bool line_begun_ = false;
  std::string speaker_;  // whose output stands last
  std::map<std::string, Source> sources_;
  std::chrono::steady_clock::time_point budget_since_{};
  std::size_t budget_ = 0;
  bool skipping_ = false;
};

// Shows the log at `path` on `fd` and goes on as it grows or is replaced, until it is killed or `fd` fails.
void follow_file(const std::string& path, int fd);

}  // namespace ottobot::sandboxd
