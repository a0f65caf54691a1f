// The messages that an RFB client sends: RFC 6143 §7.5 and, from the community's protocol description (rfbproto), the
// extensions that noVNC and TigerVNC use.
#pragma once

#include <cstdint>
#include <string_view>

namespace ottobot::api::rfb {

inline constexpr std::uint8_t kSetPixelFormat = 0;
inline constexpr std::uint8_t kSetEncodings = 2;
inline constexpr std::uint8_t kFramebufferUpdateRequest = 3;
inline constexpr std::uint8_t kKeyEvent = 4;
inline constexpr std::uint8_t kPointerEvent = 5;
inline constexpr std::uint8_t kClientCutText = 6;
inline constexpr std::uint8_t kEnableContinuousUpdates = 150;
inline constexpr std::uint8_t kClientFence = 248;
inline constexpr std::uint8_t kXvp = 250;
inline constexpr std::uint8_t kSetDesktopSize = 251;
inline constexpr std::uint8_t kGii = 253;
inline constexpr std::uint8_t kQemuMessage = 255;

// `bytes` must reach that far.
inline std::uint8_t u8_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }
inline std::uint32_t u16_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(u8_at(bytes, at)) << 8 | u8_at(bytes, at + 1);
}
inline std::uint32_t u32_at(std::string_view bytes, std::size_t at) {
  return u16_at(bytes, at) << 16 | u16_at(bytes, at + 2);
}
inline std::uint8_t message_type(std::string_view message) { return u8_at(message, 0); }

}  // namespace ottobot::api::rfb
