// What an RFB client sends, written from RFC 6143 and rfbproto and not with the code under test.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ottobot::api::test::rfb {

inline std::string number(std::uint32_t value, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
  return out;
}
inline std::string u8(std::uint32_t value) { return number(value, 1); }
inline std::string u16(std::uint32_t value) { return number(value, 2); }
inline std::string u32(std::uint32_t value) { return number(value, 4); }

// Protocol version, security type None, ClientInit.
inline std::string hello(std::uint32_t shared = 1) { return "RFB 003.008\n" + u8(1) + u8(shared); }

inline std::string pixel_format() { return u8(0) + u8(0) + u16(0) + u8(32) + u8(24) + std::string(14, '\1'); }
inline std::string encodings(const std::vector<std::int32_t>& list) {
  std::string out = u8(2) + u8(0) + u16(static_cast<std::uint32_t>(list.size()));
  for (const std::int32_t encoding : list) out += u32(static_cast<std::uint32_t>(encoding));
  return out;
}
inline std::string update_request(bool incremental = false) {
  return u8(3) + u8(incremental ? 1 : 0) + u16(0) + u16(0) + u16(8) + u16(8);
}
inline std::string key(std::uint32_t keysym, bool down) { return u8(4) + u8(down ? 1 : 0) + u16(0) + u32(keysym); }
inline std::string pointer(std::uint32_t buttons, std::uint32_t x, std::uint32_t y) {
  return u8(5) + u8(buttons) + u16(x) + u16(y);
}
inline std::string cut_text(std::string_view text) {
  return u8(6) + u8(0) + u16(0) + u32(static_cast<std::uint32_t>(text.size())) + std::string(text);
}
inline std::string extended_clipboard(std::uint32_t flags, std::string_view payload = {}) {
  const auto size = static_cast<std::uint32_t>(payload.size() + 4);
  return u8(6) + u8(0) + u16(0) + u32(0U - size) + u32(flags) + std::string(payload);
}
inline std::string continuous_updates() { return u8(150) + u8(1) + u16(0) + u16(0) + u16(8) + u16(8); }
inline std::string fence(std::string_view payload) {
  return u8(248) + u8(0) + u16(0) + u32(1) + u8(static_cast<std::uint32_t>(payload.size())) + std::string(payload);
}
inline std::string xvp() { return u8(250) + u8(0) + u8(1) + u8(2); }
inline std::string desktop_size(std::uint32_t screens) {
  return u8(251) + u8(0) + u16(800) + u16(600) + u8(screens) + u8(0) + std::string(16 * screens, '\2');
}
inline std::string gii_event(std::string_view payload) {
  return u8(253) + u8(0x80) + u16(static_cast<std::uint32_t>(payload.size())) + std::string(payload);
}
inline std::string qemu_key(std::uint32_t keysym, std::uint32_t keycode, bool down) {
  return u8(255) + u8(0) + u16(down ? 1 : 0) + u32(keysym) + u32(keycode);
}

// Presses and releases what types `text`, and Return at its end.
inline std::string typed(std::string_view text) {
  std::string out;
  const auto press = [&](std::uint32_t keysym) { out += key(keysym, true) + key(keysym, false); };
  for (const char c : text) press(static_cast<unsigned char>(c));
  press(0xff0d);
  return out;
}

}  // namespace ottobot::api::test::rfb
