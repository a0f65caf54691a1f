// RfbClientFilter: what a viewer says to a desktop, cut into messages; input passes only when the viewer may give some.
//
// Sans-I/O: bytes from the client in, bytes for the desktop out, split in any way. Starts with the client's very first
// byte. Holds the head of one message, never a payload: those pass or are dropped as they come. Whatever it cannot cut
// into messages ends it, as all framing is lost then. Protocol: RFC 6143 versions 3.3, 3.7 and 3.8 without
// authentication, and the extensions of rfb_messages.hpp. Not thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "api/rfb_held_input.hpp"

namespace ottobot::api {

// Says what a viewer may do. Called from within RfbClientFilter::feed(): must not block.
class RfbInputPolicy {
 public:
  virtual ~RfbInputPolicy() = default;
  // An input message has come: may it pass? Asked once for each. Input: keys, pointer, clipboard, size of the desktop,
  // power (xvp), other devices (gii).
  virtual bool takes_input() = 0;
  // Asked at other messages while the viewer holds a key or a button down: if not, they are let go for it.
  virtual bool controls() = 0;
};

class RfbClientFilter {
 public:
  // `policy` is borrowed for as long as the filter lives.
  explicit RfbClientFilter(RfbInputPolicy& policy) : policy_(policy) {}

  // Appends to `out` what goes on to the desktop. False: the client broke the protocol, nothing passes any more; what
  // was appended stands before that.
  [[nodiscard]] bool feed(std::string_view bytes, std::string& out);

 private:
  enum class Stage { version, security, client_init, messages };
  enum class Payload { pass, drop, encodings };

  std::size_t head_bytes() const;
  bool take_head(std::string& out);
  bool take_version(std::string_view version, std::string& out);
  bool take_message(std::string_view head, std::string& out);
  void take_payload(std::string_view& bytes, std::string& out);
  void take_encodings(std::string_view bytes, std::string& out);

  RfbInputPolicy& policy_;
  RfbHeldInput held_;
  Stage stage_ = Stage::version;
  std::string head_;  // of the message that comes; at most 20 bytes
  Payload payload_ = Payload::pass;
  std::size_t payload_left_ = 0;
  std::string encoding_;  // the begun one of a SetEncodings
  bool broken_ = false;
};

}  // namespace ottobot::api
