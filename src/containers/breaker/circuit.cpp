#include "containers/breaker/circuit.hpp"

namespace ottobot::containers {
namespace {

bool is_failure(const Error& error) {
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::deadline_exceeded;
}

}  // namespace

Result<void> Circuit::check() const {
  std::lock_guard lock(mutex_);
  return admit();
}

// With the mutex held.
Result<void> Circuit::admit() const {
  if (failures_ < options_.failures) return {};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      std::max(refused_until_ - clock_.steady_now(), SteadyTime::duration{}));
  if (left.count() == 0 && !trial_runs_) return {};
  auto refused = unavailable(
      complaint_ + " just now: " + std::to_string(failures_) + " tries in a row have failed",
      "try again in a moment; the server's log has the reason, and `ottobot doctor` checks what sandboxes need");
  refused.value().retry_after = std::max(left, std::chrono::milliseconds(1000));
  return refused;
}

Result<void> Circuit::enter() {
  std::lock_guard lock(mutex_);
  if (auto admitted = admit(); !admitted) return admitted;
  trial_runs_ = failures_ >= options_.failures;
  return {};
}

void Circuit::leave(const Error* error) {
  std::lock_guard lock(mutex_);
  trial_runs_ = false;
  if (error != nullptr && error->code == ErrorCode::cancelled) return;  // says nothing
  if (error == nullptr || !is_failure(*error)) {
    failures_ = 0;
    return;
  }
  ++failures_;
  refused_until_ = clock_.steady_now() + options_.refused_for;
}

}  // namespace ottobot::containers
