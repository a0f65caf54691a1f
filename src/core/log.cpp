#define FMT_HEADER_ONLY
#include "ottobot/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
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

class SpdlogLogger final : public Logger {
 public:
  explicit SpdlogLogger(LoggerOptions options)
      : options_(std::move(options)), logger_("ottobot", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_level(to_spdlog(options_.level));
    logger_.flush_on(spdlog::level::trace);
    logger_.set_pattern("%v");
  }

  void write(LogLevel level, std::string_view message, const Json& fields) override {
    Json all = LogScope::fields();
    if (fields.is_object()) all.update(fields);
    const auto now = to_rfc3339(system_clock().now_ms());
    logger_.log(to_spdlog(level), "{}", format_log_line(options_, now, level, message, all));
  }

  bool enabled(LogLevel level) const override { return logger_.should_log(to_spdlog(level)); }

 private:
  const LoggerOptions options_;
  spdlog::logger logger_;
};

thread_local const LogScope* innermost = nullptr;

class NullLogger final : public Logger {
 public:
  void write(LogLevel, std::string_view, const Json&) override {}
  bool enabled(LogLevel) const override { return false; }
};

}  // namespace

LogScope::LogScope(Json fields) : outer_(innermost), fields_(std::move(fields)) { innermost = this; }

LogScope::~LogScope() { innermost = outer_; }

Json LogScope::fields() {
  Json all = Json::object();
  for (const LogScope* scope = innermost; scope != nullptr; scope = scope->outer_) {
    for (const auto& [key, value] : scope->fields_.items()) {
      if (!all.contains(key)) all[key] = value;
    }
  }
  return all;
}

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
