// The keyboard of a display: keys pressed by the XTEST extension.
//
// A character that the keymap lacks is put on a key that has no symbol, or only one for media players and the like. It
// stays there, so that programs which look the key up late still find it; when all such keys are taken, the one unused
// for longest is given the new character, as soon as the program that types is idle.
// One thread at a time; borrows the connection for its life.
#pragma once

#include <functional>
#include <list>
#include <unordered_map>

#include "x11/connection.hpp"
#include "x11/keys.hpp"

namespace ottobot::x11 {

class Keyboard {
 public:
  explicit Keyboard(Connection& connection) : connection_(connection) {}

  // Presses and releases each key, whatever Caps Lock and the keyboard group are, which come back afterwards. Errors:
  // unsupported (no free key for a character), those of Connection; they say how many keys were typed.
  Result<void> type(const std::vector<Keysym>& keys, const CallContext& ctx);
  Result<void> press(const Chord& chord, const CallContext& ctx);
  // Holds the modifiers while `action` runs and releases them, whatever it gives.
  Result<void> hold(const std::vector<Modifier>& modifiers, const std::function<Result<void>()>& action,
                    const CallContext& ctx);

 private:
  struct Place {
    xcb_keycode_t keycode = 0;
    bool shifted = false;
  };
  struct Bound {
    Keysym keysym;
    xcb_keycode_t keycode;
  };

  Result<void> load_map(const CallContext& ctx);
  // How many of `keys` from `begin` on can be on the keymap together; puts them there.
  Result<std::size_t> make_room(const std::vector<Keysym>& keys, std::size_t begin, const CallContext& ctx);
  Result<void> bind(const std::vector<Keysym>& missing, const CallContext& ctx);
  Result<void> type_all(const std::vector<Keysym>& keys, std::size_t& typed, const CallContext& ctx);
  Result<void> strike(const std::vector<Keysym>& keys, std::size_t end, std::size_t& typed, const CallContext& ctx);
  Result<void> press_plain(const Chord& chord, const CallContext& ctx);
  Result<xcb_keycode_t> keycode_of(Modifier modifier) const;
  void send(std::uint8_t type, xcb_keycode_t keycode);

  Connection& connection_;
  std::unordered_map<Keysym, Place> places_;
  std::vector<xcb_keycode_t> free_;
  std::list<Bound> bound_;  // by us; the one unused for longest first
};

}  // namespace ottobot::x11
