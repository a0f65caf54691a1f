// Diagnostics of the process itself (the session's own story is its event log).
//
// A Logger is passed to whoever reports; null_logger() swallows everything. Thread-safe. The implementation behind
// make_logger() is spdlog, writing to stderr as text or as one JSON object per line: time, level, message, then the
// fields. One entry is one line whatever is in it, and secrets are not: known ones, what follows "Bearer", and fields
// that are named like one are "***".
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ottobot/json.hpp"

namespace ottobot {

enum class LogLevel { trace, debug, info, warn, error, off };
enum class LogFormat { text, json };

class Logger {
 public:
  virtual ~Logger() = default;
  // `fields` is an object of context ({"session": "…"}); may be null.
  virtual void write(LogLevel level, std::string_view message, const Json& fields) = 0;
  virtual bool enabled(LogLevel level) const = 0;

  void debug(std::string_view message, const Json& fields = nullptr) { log(LogLevel::debug, message, fields); }
  void info(std::string_view message, const Json& fields = nullptr) { log(LogLevel::info, message, fields); }
  void warn(std::string_view message, const Json& fields = nullptr) { log(LogLevel::warn, message, fields); }
  void error(std::string_view message, const Json& fields = nullptr) { log(LogLevel::error, message, fields); }
  void log(LogLevel level, std::string_view message, const Json& fields) {
    if (enabled(level)) write(level, message, fields);
  }
};

// Fields of every entry that this thread writes while the object lives, such as the request that it works for. An
// entry's own fields win over them, inner scopes over outer ones. Destroyed in reverse order on the same thread.
class LogScope {
 public:
  explicit LogScope(Json fields);
  ~LogScope();
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;

  // Those of all scopes of this thread; an object.
  static Json fields();

 private:
  const LogScope* outer_;
  Json fields_;
};

struct LoggerOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  std::vector<std::string> secrets;  // never written; those shorter than 6 bytes are not looked for
};

// One entry as it is written, without its newline. `now` is the time of the entry in RFC 3339.
std::string format_log_line(const LoggerOptions& options, std::string_view now, LogLevel level,
                            std::string_view message, const Json& fields);

std::string_view to_string(LogLevel level);
std::unique_ptr<Logger> make_logger(const LoggerOptions& options);
Logger& null_logger();
// invalid_argument names the accepted levels: trace debug info warn error off.
Result<LogLevel> parse_log_level(std::string_view name);

}  // namespace ottobot
