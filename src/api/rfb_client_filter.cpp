#include "api/rfb_client_filter.hpp"

#include <algorithm>
#include <utility>

#include "api/rfb_messages.hpp"

namespace ottobot::api {
namespace {

using rfb::message_type;
using rfb::u16_at;
using rfb::u32_at;
using rfb::u8_at;

constexpr std::size_t kVersionBytes = 12;
constexpr char kSecurityNone = 1;
constexpr char kShared = 1;

constexpr std::size_t kMaxEncodings = 1024;  // noVNC and TigerVNC know some 40
constexpr std::size_t kMaxFencePayload = 64;
constexpr std::size_t kMaxClipboardBytes = 16 << 20;

constexpr std::uint32_t kExtendedClipboard = 1U << 31;  // of the length, which is negative then
constexpr std::size_t kClipboardFlagsAt = 8;
constexpr std::uint32_t kClipboardActions = 0xff000000;
constexpr std::uint32_t kClipboardCaps = 1U << 24;
constexpr std::uint32_t kClipboardRequest = 1U << 25;
constexpr std::uint32_t kClipboardPeek = 1U << 26;
constexpr std::size_t kMaxCapsBytes = 16 * 4;  // a size for each format that there can be

constexpr std::size_t kEncodingBytes = 4;
// A client with this one gives pointer events of 7 bytes to a server that knows it, and of 6 to one that does not. Only
// the server could say which: it never hears of it, and all are of 6 bytes.
constexpr std::string_view kExtendedMouseButtons = "\xff\xff\xfe\xc4";
// Means nothing to any server (RFC 6143 §7.5.2: it ignores what it does not know).
constexpr std::string_view kNoEncoding = "OTTO";

bool is_extended_clipboard(std::string_view head) { return (u32_at(head, 4) & kExtendedClipboard) != 0; }

// Up to where it is clear how long the message is and whether it is input; 0 = no such message.
std::size_t message_head_bytes(std::string_view begun) {
  switch (message_type(begun)) {
    case rfb::kSetPixelFormat:
      return 20;
    case rfb::kSetEncodings:
    case rfb::kXvp:
    case rfb::kGii:
      return 4;
    case rfb::kFramebufferUpdateRequest:
    case rfb::kEnableContinuousUpdates:
      return 10;
    case rfb::kPointerEvent:
      return 6;
    case rfb::kKeyEvent:
    case rfb::kSetDesktopSize:
      return 8;
    case rfb::kClientCutText:
      return begun.size() >= 8 && is_extended_clipboard(begun) ? 12 : 8;
    case rfb::kClientFence:
      return 9;
    case rfb::kQemuMessage:
      return 12;  // an extended key event, the only one that is known
    default:
      return 0;
  }
}

// nullopt = absurd.
std::optional<std::size_t> at_most(std::size_t max, std::size_t bytes) {
  if (bytes > max) return std::nullopt;
  return bytes;
}

std::optional<std::size_t> clipboard_payload_bytes(std::string_view head) {
  const std::uint32_t length = u32_at(head, 4);
  if (!is_extended_clipboard(head)) return at_most(kMaxClipboardBytes, length);
  const std::uint32_t size = 0U - length;
  if (size < 4) return std::nullopt;
  return at_most(kMaxClipboardBytes, size - 4);  // its flags are in the head
}

// What follows the head; nullopt = absurd.
std::optional<std::size_t> payload_bytes(std::string_view head) {
  switch (message_type(head)) {
    case rfb::kSetEncodings:
      return at_most(kMaxEncodings * kEncodingBytes, u16_at(head, 2) * kEncodingBytes);
    case rfb::kClientCutText:
      return clipboard_payload_bytes(head);
    case rfb::kClientFence:
      return at_most(kMaxFencePayload, u8_at(head, 8));
    case rfb::kSetDesktopSize:
      return std::size_t{u8_at(head, 6)} * 16;
    case rfb::kGii: {
      const bool is_big_endian = (u8_at(head, 1) & 0x80) != 0;
      return is_big_endian ? u16_at(head, 2) : u8_at(head, 2) + std::size_t{u8_at(head, 3)} * 256;
    }
    case rfb::kQemuMessage:
      return at_most(0, u8_at(head, 1));  // the submessage
    default:
      return 0;
  }
}

// What only asks, or says what the client can do, leaves the desktop's clipboard as it is.
bool changes_clipboard(std::string_view head, std::size_t payload) {
  if (!is_extended_clipboard(head)) return true;
  const std::uint32_t action = u32_at(head, kClipboardFlagsAt) & kClipboardActions;
  if ((action & kClipboardCaps) != 0) return payload > kMaxCapsBytes;
  return (action != kClipboardRequest && action != kClipboardPeek) || payload > 0;
}

bool is_input(std::string_view head, std::size_t payload) {
  switch (message_type(head)) {
    case rfb::kKeyEvent:
    case rfb::kPointerEvent:
    case rfb::kXvp:
    case rfb::kSetDesktopSize:
    case rfb::kGii:
    case rfb::kQemuMessage:
      return true;
    case rfb::kClientCutText:
      return changes_clipboard(head, payload);
    default:
      return false;
  }
}

}  // namespace

bool RfbClientFilter::feed(std::string_view bytes, std::string& out) {
  while (!bytes.empty() && !broken_) {
    if (payload_left_ > 0) {
      take_payload(bytes, out);
      continue;
    }
    head_ += bytes.front();
    bytes.remove_prefix(1);
    const std::size_t whole = head_bytes();
    if (whole == 0) broken_ = true;
    if (head_.size() == whole) broken_ = !take_head(out);
  }
  return !broken_;
}

std::size_t RfbClientFilter::head_bytes() const {
  switch (stage_) {
    case Stage::version:
      return kVersionBytes;
    case Stage::security:
    case Stage::client_init:
      return 1;
    case Stage::messages:
      return message_head_bytes(head_);
  }
  return 0;
}

bool RfbClientFilter::take_head(std::string& out) {
  const std::string head = std::exchange(head_, {});
  switch (stage_) {
    case Stage::version:
      return take_version(head, out);
    case Stage::security:
      if (head[0] != kSecurityNone) return false;
      out += head;
      stage_ = Stage::client_init;
      return true;
    case Stage::client_init:
      out += kShared;  // nobody may ask for the desktop alone
      stage_ = Stage::messages;
      return true;
    case Stage::messages:
      return take_message(head, out);
  }
  return false;
}

bool RfbClientFilter::take_version(std::string_view version, std::string& out) {
  const bool chooses_security = version == "RFB 003.008\n" || version == "RFB 003.007\n";
  if (!chooses_security && version != "RFB 003.003\n") return false;
  out += version;
  stage_ = chooses_security ? Stage::security : Stage::client_init;
  return true;
}

bool RfbClientFilter::take_message(std::string_view head, std::string& out) {
  const auto payload = payload_bytes(head);
  if (!payload) return false;
  const bool input = is_input(head, *payload);
  const bool passes = !input || policy_.takes_input();
  if (held_.any() && !(input ? passes : policy_.controls())) held_.release(out);
  if (passes) out += head;
  if (passes && input) held_.note(head);
  payload_left_ = *payload;
  payload_ = passes ? Payload::pass : Payload::drop;
  if (message_type(head) == rfb::kSetEncodings) payload_ = Payload::encodings;
  return true;
}

void RfbClientFilter::take_payload(std::string_view& bytes, std::string& out) {
  const std::string_view part = bytes.substr(0, payload_left_);
  bytes.remove_prefix(part.size());
  payload_left_ -= part.size();
  if (payload_ == Payload::pass) out += part;
  if (payload_ == Payload::encodings) take_encodings(part, out);
}

void RfbClientFilter::take_encodings(std::string_view bytes, std::string& out) {
  for (const char byte : bytes) {
    encoding_ += byte;
    if (encoding_.size() < kEncodingBytes) continue;
    out += encoding_ == kExtendedMouseButtons ? kNoEncoding : std::string_view(encoding_);
    encoding_.clear();
  }
}

}  // namespace ottobot::api
