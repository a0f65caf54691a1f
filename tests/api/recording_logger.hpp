// A logger that keeps what it is given. Thread-safe.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "ottobot/log.hpp"

namespace ottobot::api::test {

class RecordingLogger final : public Logger {
 public:
  struct Line {
    LogLevel level = LogLevel::info;
    std::string message;
    Json fields;
  };
  void write(LogLevel level, std::string_view message, const Json& fields) override {
    std::lock_guard lock(mutex_);
    lines_.push_back({level, std::string(message), fields});
  }
  bool enabled(LogLevel) const override { return true; }

  std::vector<Line> lines() const {
    std::lock_guard lock(mutex_);
    return lines_;
  }
  // Everything, as one text.
  std::string text() const {
    std::string all;
    for (const Line& line : lines()) all += line.message + " " + dump_json(line.fields) + "\n";
    return all;
  }
  int count(LogLevel level) const {
    int found = 0;
    for (const Line& line : lines()) found += line.level == level ? 1 : 0;
    return found;
  }
  // Of the audit log.
  std::vector<Json> audited(const std::string& action) const {
    std::vector<Json> found;
    for (const Line& line : lines()) {
      if (line.message == "audit" && get_string(line.fields, "action") == action) found.push_back(line.fields);
    }
    return found;
  }

 private:
  mutable std::mutex mutex_;  // guards lines_
  std::vector<Line> lines_;
};

}  // namespace ottobot::api::test
