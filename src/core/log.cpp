#define FMT_HEADER_ONLY
#include "ottobot/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "ottobot/clock.hpp"

namespace ottobot {
namespace {

constexpr std::pair<LogLevel, std::string_view> kNames[] = {{LogLevel::trace, "trace"}, {LogLevel::debug, "debug"},
                                                            {LogLevel::info, "info"},   {LogLevel::warn, "warn"},
                                                            {LogLevel::error, "error"}, {LogLevel::off, "off"}};

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

std::string with_fields(std::string_view message, const Json& fields) {
  std::string line(message);
  if (!fields.is_object()) return line;
  for (const auto& [key, value] : fields.items()) {
    line += ' ' + key + '=' + (value.is_string() ? value.get<std::string>() : dump_json(value));
  }
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';  // one entry, one line
  }
  return line;
}

class SpdlogLogger final : public Logger {
 public:
  explicit SpdlogLogger(const LoggerOptions& options)
      : format_(options.format), logger_("ottobot", std::make_shared<spdlog::sinks::stderr_color_sink_mt>()) {
    logger_.set_level(to_spdlog(options.level));
    logger_.flush_on(spdlog::level::trace);
    logger_.set_pattern(format_ == LogFormat::json ? "%v" : "%Y-%m-%dT%H:%M:%S.%e %^%-5l%$ %v");
  }

  void write(LogLevel level, std::string_view message, const Json& fields) override {
    if (format_ == LogFormat::text) {
      logger_.log(to_spdlog(level), "{}", with_fields(message, fields));
      return;
    }
    Json entry = fields.is_object() ? fields : Json::object();
    entry["timestamp"] = to_rfc3339(system_clock().now_ms());
    entry["level"] = to_string(level);
    entry["message"] = message;
    logger_.log(to_spdlog(level), "{}", dump_json(entry));
  }

  bool enabled(LogLevel level) const override { return logger_.should_log(to_spdlog(level)); }

 private:
  LogFormat format_;
  spdlog::logger logger_;
};

class NullLogger final : public Logger {
 public:
  void write(LogLevel, std::string_view, const Json&) override {}
  bool enabled(LogLevel) const override { return false; }
};

}  // namespace

std::string_view to_string(LogLevel level) {
  for (const auto& [value, name] : kNames) {
    if (value == level) return name;
  }
  return "info";
}

std::unique_ptr<Logger> make_logger(const LoggerOptions& options) { return std::make_unique<SpdlogLogger>(options); }

Logger& null_logger() {
  static NullLogger logger;
  return logger;
}

Result<LogLevel> parse_log_level(std::string_view name) {
  for (const auto& [value, known] : kNames) {
    if (known == name) return value;
  }
  return invalid_argument("unknown log level '" + std::string(name) + "'",
                          "use trace, debug, info, warn, error or off");
}

}  // namespace ottobot
