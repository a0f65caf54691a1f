// ApiKeys: which user a key belongs to.
//
// `user:key` lines, in a file or as a setting. A file is read again when it has changed, looked at once a second at
// most, so that keys come and go without a restart; one that cannot be read or has a wrong line changes nothing and is
// a warning. Only hashes of keys are kept. Thread-safe.
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ottobot/clock.hpp"
#include "ottobot/log.hpp"

namespace ottobot::api {

struct ApiKey {
  std::string user;
  std::string hash;  // SHA-256 of the key, as hex
};
struct KeyList {
  std::vector<ApiKey> keys;
  std::vector<int> weak_lines;  // whose keys are short enough to be guessed
};

// Lines end with '\n' or `separator`; blank ones and those that start with '#' are skipped. Errors: invalid_argument
// with the number of the line and never a word of it. Pure.
Result<KeyList> parse_api_keys(std::string_view text, char separator = '\n');

class ApiKeys {
 public:
  // `source`: a file, or the lines themselves with commas between them. `clock` and `logger` are borrowed. Errors:
  // invalid_argument (a wrong line, none at all), not_found, permission_denied.
  static Result<std::unique_ptr<ApiKeys>> make(const std::string& source, Clock& clock, Logger& logger);

  // nullopt = nobody's. Takes the same time for every key of the same length.
  std::optional<std::string> user_of(std::string_view key);
  // Whether the user has any key.
  bool knows(std::string_view user);
  std::size_t size();  // keys

 private:
  struct FileVersion {
    ino_t inode = 0;
    off_t size_bytes = 0;
    std::int64_t modified_ns = 0, changed_ns = 0;
    bool operator==(const FileVersion&) const = default;
  };
  ApiKeys(std::string file, Clock& clock, Logger& logger) : file_(std::move(file)), clock_(clock), logger_(logger) {}

  Result<void> load(const std::string& lines);
  Result<void> load_file();
  void look_for_changes();
  std::shared_ptr<const std::vector<ApiKey>> current();
  void warn_of_weak(const KeyList& list) const;

  const std::string file_;  // empty = the keys never change
  Clock& clock_;
  Logger& logger_;
  std::mutex mutex_;  // guards the members below
  std::shared_ptr<const std::vector<ApiKey>> keys_;
  FileVersion version_;
  SteadyTime looked_at_{};
  bool broken_ = false;  // the file; said once
};

}  // namespace ottobot::api
