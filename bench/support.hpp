// What every benchmark needs: CPU clocks, medians, and the last line of its output.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "ottobot/json.hpp"

namespace ottobot::bench {

// Ends the program with the error's text: a benchmark has nothing to fall back to.
[[noreturn]] void give_up(const Error& error);
template <class T>
T must(Result<T> result) {
  if (!result) give_up(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// CPU time of this process so far, all threads, user and system.
double cpu_us();
// The same of another process; -1 when it is gone.
double cpu_us_of(pid_t pid);
// Resident memory of a process; 0 when it is gone.
double resident_kib(pid_t pid);

double median(std::vector<double> values);  // 0 for none
// "12.3 [11.9–13.0]": median, lowest and highest.
std::string spread(const std::vector<double>& values, int decimals = 1);

// Ends every benchmark's output.
void print_json_line(const Json& figures);

// A folder that is removed again.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& purpose);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace ottobot::bench
