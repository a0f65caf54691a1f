// Diagnostics of the process itself (the session's own story is its event log).
//
// A Logger is passed to whoever reports; null_logger() swallows everything. Thread-safe. The implementation behind
// make_logger() is spdlog, writing to stderr as text or as one JSON object per line.
#pragma once

#include <memory>
#include <string>
#include <string_view>

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

struct LoggerOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
};

std::string_view to_string(LogLevel level);
std::unique_ptr<Logger> make_logger(const LoggerOptions& options);
Logger& null_logger();
// invalid_argument names the accepted levels: trace debug info warn error off.
Result<LogLevel> parse_log_level(std::string_view name);

}  // namespace ottobot
