#include "containers/docker/network_release.hpp"

#include "containers/docker/sandbox_network.hpp"

namespace ottobot::containers {
namespace {

constexpr std::chrono::milliseconds kReleaseTime{5'000};

}  // namespace

NetworkRelease::NetworkRelease(DockerSite& site)
    : site_(site), thread_([this](const std::stop_token& stop) { run(stop); }) {}

NetworkRelease::~NetworkRelease() = default;

bool NetworkRelease::at_once(const CallContext& ctx) {
  if (site_.options.network_linger.count() > 0) return false;
  release_network(site_, ctx);
  return true;
}

void NetworkRelease::without_sandboxes(const CallContext& ctx) {
  if (at_once(ctx)) return;
  const std::lock_guard lock(mutex_);
  if (due_) return;
  due_ = std::chrono::steady_clock::now() + site_.options.network_linger;
  changed_.notify_all();
}

void NetworkRelease::after_removal(const CallContext& ctx) {
  if (at_once(ctx)) return;
  const std::lock_guard lock(mutex_);
  due_ = std::chrono::steady_clock::now() + site_.options.network_linger;
  changed_.notify_all();
}

void NetworkRelease::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (!changed_.wait(lock, stop, [this] { return due_.has_value(); })) break;
    for (SteadyTime due = *due_; !stop.stop_requested() && std::chrono::steady_clock::now() < due; due = *due_) {
      changed_.wait_until(lock, stop, due, [this, due] { return *due_ != due; });
    }
    due_.reset();
    lock.unlock();
    release_network(site_, with_timeout(kReleaseTime));
    lock.lock();
  }
}

}  // namespace ottobot::containers
