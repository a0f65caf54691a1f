#include "x11/lock_state.hpp"

// A header for C, with members that have this name.
#ifdef __clang__
#pragma clang diagnostic ignored "-Wkeyword-macro"
#endif
#define explicit explicit_
#include <xcb/xkb.h>
#undef explicit

namespace ottobot::x11 {
namespace {

constexpr xcb_xkb_device_spec_t kKeyboard = XCB_XKB_ID_USE_CORE_KBD;

}  // namespace

PlainLockState::PlainLockState(Connection& connection) : connection_(connection) {
  xcb_connection_t* xcb = connection_.xcb();
  auto extension = own(xcb_xkb_use_extension_reply(
      xcb, xcb_xkb_use_extension(xcb, XCB_XKB_MAJOR_VERSION, XCB_XKB_MINOR_VERSION), nullptr));
  if (!extension || extension->supported == 0) return;
  auto state = own(xcb_xkb_get_state_reply(xcb, xcb_xkb_get_state(xcb, kKeyboard), nullptr));
  if (!state) return;
  modifiers_ = state->lockedMods & XCB_MOD_MASK_LOCK;
  group_ = state->lockedGroup;
  is_changed_ = modifiers_ != 0 || group_ != 0;
  if (is_changed_) lock(0, 0);
}

PlainLockState::~PlainLockState() {
  if (!is_changed_) return;
  lock(modifiers_, group_);
  xcb_flush(connection_.xcb());
}

void PlainLockState::lock(std::uint8_t modifiers, std::uint8_t group) {
  xcb_xkb_latch_lock_state(connection_.xcb(), kKeyboard, XCB_MOD_MASK_LOCK, modifiers, 1, group, 0, 0, 0);
}

}  // namespace ottobot::x11
