#include "net/tls/tls_context.hpp"

#include <sys/stat.h>

#include <array>
#include <mutex>

#include "net/tls/openssl_session.hpp"
#include "net/tls/tls_pair.hpp"

namespace ottobot::net {
namespace {

constexpr std::chrono::seconds kBetweenLooks{1};

// What changes when a file is replaced or written; all 0 for one that is not there.
using FileMark = std::array<std::uint64_t, 5>;
using PairMark = std::array<FileMark, 2>;

FileMark mark_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
          static_cast<std::uint64_t>(status.st_mtim.tv_sec), static_cast<std::uint64_t>(status.st_mtim.tv_nsec)};
}

class ReloadingTlsContext final : public TlsContext {
 public:
  ReloadingTlsContext(TlsFiles files, Clock& clock, Logger& logger)
      : files_(std::move(files)), clock_(clock), logger_(logger) {}

  Result<void> load() {
    seen_ = {mark_of(files_.cert), mark_of(files_.key)};
    next_look_ = clock_.steady_now() + kBetweenLooks;
    return read();
  }

  std::shared_ptr<TlsSession> accept(int fd) override {
    reload_if_changed();
    SslPtr ssl(SSL_new(current().get()));
    if (!ssl) return nullptr;
    auto session = std::make_shared<OpenSslSession>(std::move(ssl), fd, logger_);
    return session->valid() ? session : nullptr;
  }

 private:
  std::shared_ptr<SSL_CTX> current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }

  Result<void> read() {
    auto pair = read_tls_pair(files_, clock_.now_ms());
    usable_ = pair.has_value();
    if (!pair) return fail(pair.error());
    for (const std::string& warning : pair->warnings) logger_.warn(warning);
    logger_.info("TLS certificate loaded", {{"cert", files_.cert.string()}, {"expires_at", pair->expires_at}});
    const std::lock_guard lock(mutex_);
    current_ = std::move(pair->context);
    return {};
  }

  // Whoever comes while another one looks goes on with what there is.
  void reload_if_changed() {
    const std::unique_lock looking(looking_, std::try_to_lock);
    if (!looking || clock_.steady_now() < next_look_) return;
    next_look_ = clock_.steady_now() + kBetweenLooks;
    const PairMark now{mark_of(files_.cert), mark_of(files_.key)};
    const bool changed = now != seen_;
    // A pair that could not be used is tried again: what it was caught in the middle of may leave the same mark.
    if (!changed && usable_) return;
    seen_ = now;
    const auto loaded = read();
    if (loaded || !changed) return;
    logger_.warn("the changed TLS files cannot be used, the old pair stays", {{"error", loaded.error().to_string()}});
  }

  const TlsFiles files_;
  Clock& clock_;
  Logger& logger_;
  std::mutex looking_;  // guards seen_, next_look_, usable_
  PairMark seen_{};     // before they were last read
  SteadyTime next_look_;
  bool usable_ = false;
  mutable std::mutex mutex_;  // guards current_
  std::shared_ptr<SSL_CTX> current_;
};

}  // namespace

Result<std::shared_ptr<TlsContext>> make_tls_context(TlsFiles files, Clock& clock, Logger& logger) {
  auto context = std::make_shared<ReloadingTlsContext>(std::move(files), clock, logger);
  if (auto loaded = context->load(); !loaded) return fail(loaded.error());
  return context;
}

}  // namespace ottobot::net
