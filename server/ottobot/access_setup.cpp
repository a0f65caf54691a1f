#include "access_setup.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>

#include "net/unique_fd.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kGoodSecretLength = 16;
constexpr const char* kMadeUser = "admin";

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<void> write_all(int fd, std::string_view text, const fs::path& path) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return errno_error("cannot write " + path.string(), errno);
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (::fsync(fd) != 0) return errno_error("cannot write " + path.string(), errno);
  return {};
}

// Makes a file that only its owner may read, whole or not at all. False when it is there already: another process may
// do the same right now.
Result<bool> make_private_file(const fs::path& path, std::string_view text) {
  const fs::path draft = path.string() + "." + new_id();
  const net::UniqueFd fd(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!fd) return errno_error("cannot make " + draft.string(), errno);
  auto written = write_all(fd.get(), text, draft);
  const bool linked = written && ::link(draft.c_str(), path.c_str()) == 0;
  const int problem = errno;
  ::unlink(draft.c_str());
  if (!written) return fail(written.error());
  if (linked) return true;
  if (problem == EEXIST) return false;
  return errno_error("cannot make " + path.string(), problem);
}

}  // namespace

bool asks_for_keys(const config::Settings& settings) {
  if (settings.auth == config::Auth::none) return false;
  const bool is_set = !settings.access.api_keys.empty();
  return is_set || settings.auth == config::Auth::keys || !config::listens_on_loopback(settings);
}

fs::path made_keys_file(const config::Settings& settings) { return settings.data_dir / "api_keys"; }

Result<std::optional<NewKey>> add_missing_key(config::Settings& settings, Logger& logger) {
  if (!asks_for_keys(settings)) {
    if (!settings.access.api_keys.empty()) logger.warn("OTTOBOT_AUTH=none: OTTOBOT_API_KEYS is not looked at");
    settings.access.api_keys.clear();
    return std::nullopt;
  }
  if (!settings.access.api_keys.empty()) return std::nullopt;
  NewKey made{new_secret(), made_keys_file(settings)};
  settings.access.api_keys = made.file.string();
  const auto is_new = make_private_file(made.file, std::string(kMadeUser) + ":" + made.key + "\n");
  if (!is_new) return fail(is_new.error());
  if (*is_new) return made;
  logger.info("the API key is the one that was made before", {{"file", made.file.string()}});
  return std::nullopt;
}

Result<void> add_ticket_secret(config::Settings& settings, Logger& logger) {
  std::string& secret = settings.access.ticket_secret;
  if (const auto size = settings.access.cluster_secret.size(); size > 0 && size < kGoodSecretLength) {
    logger.warn("OTTOBOT_CLUSTER_SECRET has fewer than 16 characters and can be guessed; make one with: openssl rand -hex 32");
  }
  if (!secret.empty() && secret.size() < kGoodSecretLength) {
    logger.warn("SESSION_SECRET has fewer than 16 characters and can be guessed; make one with: openssl rand -hex 32");
  }
  if (!secret.empty() || settings.store == "memory") return {};
  // Tickets are good at every process of the service.
  if (const auto& shared = settings.access.cluster_secret; !shared.empty()) {
    secret = hmac_sha256(shared, "tickets");
    return {};
  }
  const fs::path file = settings.data_dir / "ticket_secret";
  if (auto made = make_private_file(file, new_secret()); !made) return fail(made.error());
  std::string kept = read_text(file);
  if (kept.size() < kGoodSecretLength) {
    return data_loss(file.string() + " is damaged",
                     "remove it: tickets that were given out end, and a new one is made");
  }
  secret = std::move(kept);
  return {};
}

}  // namespace ottobot::cli
