// The keys and buttons that a viewer holds down, so that they can be let go when somebody else takes over. Bounded: of
// more keys than a person has fingers for, some stay down. Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ottobot::api {

class RfbHeldInput {
 public:
  // A whole KeyEvent, PointerEvent or extended key event that has gone to the desktop; others are ignored.
  void note(std::string_view message);
  bool any() const { return !keys_.empty() || !buttons_.empty(); }
  // Appends the messages that let go of everything.
  void release(std::string& out);

 private:
  void note_key(std::string release, bool down);

  std::vector<std::string> keys_;  // the message that lets go of each
  std::string buttons_;            // the one that lets go of all buttons, where the pointer is; empty if none is down
};

}  // namespace ottobot::api
