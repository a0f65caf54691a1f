// A viewer of a desktop, over the WebSocket: as much of RFB's client as it takes to type, click and know that the
// desktop has heard it.
#pragma once

#include <string>

#include "api/rfb_client_messages.hpp"
#include "api/socket_client.hpp"

namespace ottobot::integration {

// A shell command that ends once the desktop is complete. Windows that come sooner are moved by the window manager, or
// lose the keyboard to the console's.
constexpr const char* kWaitForDesktop =
    "until xprop -root _NET_SUPPORTING_WM_CHECK | grep -q 'window id' && "
    "xwininfo -name 'OttoBot console' | grep -q IsViewable; do sleep 0.05; done";

class RfbViewer {
 public:
  // `shared` false asks for the desktop alone.
  RfbViewer(int port, const std::string& target, bool shared)
      : client_(port, target, "Sec-WebSocket-Protocol: binary\r\n") {
    using namespace api::test::rfb;
    if (take(12) != "RFB 003.008\n") return;
    client_.send_binary("RFB 003.008\n");
    const std::string types = take(number(take(1)));
    if (types.find('\1') == std::string::npos) return;
    client_.send_binary(u8(1));
    if (number(take(4)) != 0) return;
    client_.send_binary(u8(shared ? 1 : 0));
    const std::string init = take(24);
    take(number(init.substr(20)));
    ready_ = init.size() == 24;
  }

  // Everything but what the desktop looks like has been exchanged.
  bool ready() const { return ready_; }
  void send(const std::string& bytes) { client_.send_binary(bytes); }
  void click(std::uint32_t x, std::uint32_t y) {
    send(api::test::rfb::pointer(1, x, y) + api::test::rfb::pointer(0, x, y));
  }
  void type(std::string_view line) { send(api::test::rfb::typed(line)); }

  // Asks for a pixel and waits for it: what was sent before has been dealt with. False when the desktop is gone.
  bool sync() {
    using namespace api::test::rfb;
    send(u8(3) + u8(0) + u16(0) + u16(0) + u16(1) + u16(1));
    for (;;) {
      const std::string type = take(1);
      if (type.empty()) return false;
      if (type[0] == 0) return take_update();
      if (type[0] == 3) take(number(take(7).substr(3)));  // ServerCutText
    }
  }

 private:
  static std::size_t number(const std::string& bytes) {
    std::size_t value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
  }

  // Of raw pixels: no other encoding was asked for.
  bool take_update() {
    for (std::size_t left = number(take(3).substr(1)); left > 0; --left) {
      const std::string rectangle = take(12);
      if (rectangle.size() < 12) return false;
      take(number(rectangle.substr(4, 2)) * number(rectangle.substr(6, 2)) * 4);
    }
    return true;
  }

  // Less when the desktop has gone.
  std::string take(std::size_t count) {
    while (bytes_.size() < count) {
      const auto frame = client_.next();
      if (!frame) return {};
      bytes_ += *frame;
    }
    std::string taken = bytes_.substr(0, count);
    bytes_.erase(0, count);
    return taken;
  }

  api::test::SocketClient client_;
  std::string bytes_;
  bool ready_ = false;
};

}  // namespace ottobot::integration
