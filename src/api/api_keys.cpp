#include "api/api_keys.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "net/unique_fd.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::api {
namespace {

constexpr std::size_t kGoodKeyLength = 16;
constexpr std::size_t kMaxKeyLength = 512;
constexpr std::size_t kMaxUserLength = 64;
constexpr std::size_t kMaxFileBytes = 4 << 20;
constexpr std::chrono::seconds kLookEvery{1};
constexpr const char* kForm = "a line is user:key, a user's name 1 to 64 of A-Za-z0-9._@+-, a key without blanks";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

bool is_user_name(std::string_view name) {
  constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@+-";
  return !name.empty() && name.size() <= kMaxUserLength && name.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= kMaxKeyLength &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

Result<void> add_line(KeyList& list, std::string_view line, int number) {
  const std::string where = "line " + std::to_string(number) + " of the API keys ";
  const auto colon = line.find(':');
  const auto user = trimmed(line.substr(0, colon));
  const auto key = colon == std::string_view::npos ? std::string_view() : trimmed(line.substr(colon + 1));
  if (!is_user_name(user) || !is_key(key)) return invalid_argument(where + "is not user:key", kForm);
  std::string hash = sha256_hex(key);
  const auto same =
      std::find_if(list.keys.begin(), list.keys.end(), [&](const ApiKey& one) { return one.hash == hash; });
  if (same != list.keys.end()) return invalid_argument(where + "has a key that stands above already", kForm);
  if (key.size() < kGoodKeyLength) list.weak_lines.push_back(number);
  list.keys.push_back({std::string(user), std::move(hash)});
  return {};
}

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000ll + time.tv_nsec; }

Result<std::string> read_all(int fd, const std::string& name) {
  std::string text;
  std::array<char, 8192> buffer{};
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("cannot read " + name, errno);
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kMaxFileBytes) return invalid_argument(name + " is too large for a list of API keys");
  }
}

bool is_file(const std::string& source) {
  std::error_code ignored;
  if (std::filesystem::exists(source, ignored)) return true;
  return source.find(':') == std::string::npos || source.starts_with('/') || source.starts_with('.');
}

}  // namespace

Result<KeyList> parse_api_keys(std::string_view text, char separator) {
  KeyList list;
  const char ends[] = {'\n', separator};
  for (int number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find_first_of(std::string_view(ends, 2)), text.size());
    const auto line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    if (auto added = add_line(list, line, number); !added) return fail(added.error());
  }
  return list;
}

Result<std::unique_ptr<ApiKeys>> ApiKeys::make(const std::string& source, Clock& clock, Logger& logger) {
  const bool from_file = is_file(source);
  std::unique_ptr<ApiKeys> keys(new ApiKeys(from_file ? source : "", clock, logger));
  keys->looked_at_ = clock.steady_now();
  if (auto loaded = from_file ? keys->load_file() : keys->load(source); !loaded) return fail(loaded.error());
  if (keys->keys_->empty()) {
    return invalid_argument(from_file ? source + " has no API key in it" : "there is no API key", kForm);
  }
  return keys;
}

std::optional<std::string> ApiKeys::user_of(std::string_view key) {
  const std::string hash = sha256_hex(key);
  const auto keys = current();
  const ApiKey* found = nullptr;
  for (const ApiKey& one : *keys) {
    if (constant_time_equals(one.hash, hash)) found = &one;
  }
  if (found == nullptr) return std::nullopt;
  return found->user;
}

bool ApiKeys::knows(std::string_view user) {
  const auto keys = current();
  return std::any_of(keys->begin(), keys->end(), [&](const ApiKey& one) { return one.user == user; });
}

std::size_t ApiKeys::size() { return current()->size(); }

Result<void> ApiKeys::load(const std::string& lines) {
  auto list = parse_api_keys(lines, file_.empty() ? ',' : '\n');
  if (!list) return fail(list.error());
  warn_of_weak(*list);
  keys_ = std::make_shared<const std::vector<ApiKey>>(std::move(list->keys));
  return {};
}

Result<void> ApiKeys::load_file() {
  const net::UniqueFd fd(::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    // It may be a key whose user was forgotten.
    const bool is_path = file_.find('/') != std::string::npos;
    return errno_error("cannot read the API keys in " + (is_path ? file_ : "the file that is named"), errno);
  }
  if (!S_ISREG(info.st_mode)) return invalid_argument(file_ + " is not a file: no API keys can be read from it");
  // What changes while it is read is another version, which is read next.
  version_ = {info.st_ino, info.st_size, nanoseconds(info.st_mtim), nanoseconds(info.st_ctim)};
  const auto text = read_all(fd.get(), file_);
  if (!text) return fail(text.error());
  if (auto loaded = load(*text); !loaded) return fail(loaded.error(), file_);
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) logger_.warn("others may read the API keys: chmod 600 " + file_);
  return {};
}

void ApiKeys::look_for_changes() {
  if (file_.empty() || clock_.steady_now() - looked_at_ < kLookEvery) return;
  looked_at_ = clock_.steady_now();
  struct stat info {};
  const bool there = ::stat(file_.c_str(), &info) == 0;
  const FileVersion now =
      there ? FileVersion{info.st_ino, info.st_size, nanoseconds(info.st_mtim), nanoseconds(info.st_ctim)}
            : FileVersion{};
  if (now == version_ && (there || broken_)) return;
  version_ = now;
  const auto loaded = there ? load_file() : Result<void>(not_found(file_ + " is gone"));
  broken_ = !loaded;
  if (!loaded) return logger_.warn("the API keys stay as they were", {{"error", loaded.error().to_string()}});
  logger_.info("audit", {{"action", "keys_reloaded"}, {"file", file_}, {"keys", keys_->size()}});
  if (keys_->empty()) logger_.warn("there is no API key left: nobody may use this server", {{"file", file_}});
}

std::shared_ptr<const std::vector<ApiKey>> ApiKeys::current() {
  std::lock_guard lock(mutex_);
  look_for_changes();
  return keys_;
}

void ApiKeys::warn_of_weak(const KeyList& list) const {
  for (const int line : list.weak_lines) {
    logger_.warn("the API key in line " + std::to_string(line) + (file_.empty() ? "" : " of " + file_) +
                 " has fewer than " + std::to_string(kGoodKeyLength) + " characters and can be guessed; " +
                 "make one with: openssl rand -hex 32");
  }
}

}  // namespace ottobot::api
