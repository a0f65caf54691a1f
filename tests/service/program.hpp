// The real `ottobot` program as a child of a test, with an environment and a data directory of its own.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/process/spawn.hpp"

namespace ottobot::testing {

class ProgramHome {
 public:
  ProgramHome();
  ~ProgramHome();
  ProgramHome(const ProgramHome&) = delete;
  ProgramHome& operator=(const ProgramHome&) = delete;

  const std::filesystem::path& dir() const { return dir_; }
  // Our environment without the settings of whoever runs the test.
  std::map<std::string, std::string> environment() const;
  net::SpawnOptions options(std::vector<std::string> arguments) const;
  // To its end, within a minute.
  Result<net::RunResult> run(std::vector<std::string> arguments) const;

 private:
  std::filesystem::path dir_;
};

// The program as it runs. Killed, if it still does, and reaped by the destructor.
class RunningProgram {
 public:
  // Returns once a line of its output has `sign` in it. Errors: unavailable (it ended before), deadline_exceeded.
  static Result<std::unique_ptr<RunningProgram>> start(const ProgramHome& home, std::vector<std::string> arguments,
                                                       const std::string& sign);
  static Result<std::unique_ptr<RunningProgram>> serve(const ProgramHome& home, std::vector<std::string> arguments);
  ~RunningProgram();

  // The one with the sign.
  const std::string& line() const { return line_; }
  std::string url() const;
  void signal(int number) const;
  Result<net::ExitStatus> wait(std::chrono::milliseconds timeout);

 private:
  net::Process process_;
  net::UniqueFd out_;
  std::string line_;
};

}  // namespace ottobot::testing
