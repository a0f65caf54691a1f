#include "api/rfb_held_input.hpp"

#include <algorithm>

#include "api/rfb_messages.hpp"

namespace ottobot::api {
namespace {

constexpr std::size_t kMaxKeys = 32;

}  // namespace

void RfbHeldInput::note(std::string_view message) {
  std::string release(message);
  switch (rfb::message_type(message)) {
    case rfb::kKeyEvent:
      release[1] = 0;
      return note_key(std::move(release), message[1] != 0);
    case rfb::kQemuMessage:
      release[2] = release[3] = 0;
      return note_key(std::move(release), message[2] != 0 || message[3] != 0);
    case rfb::kPointerEvent:
      release[1] = 0;
      buttons_ = message[1] != 0 ? std::move(release) : "";
      return;
    default:
      return;
  }
}

void RfbHeldInput::note_key(std::string release, bool down) {
  const auto held = std::find(keys_.begin(), keys_.end(), release);
  if (!down && held != keys_.end()) keys_.erase(held);
  if (down && held == keys_.end() && keys_.size() < kMaxKeys) keys_.push_back(std::move(release));
}

void RfbHeldInput::release(std::string& out) {
  for (const std::string& key : keys_) out += key;
  out += buttons_;
  keys_.clear();
  buttons_.clear();
}

}  // namespace ottobot::api
