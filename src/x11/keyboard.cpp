#include "x11/keyboard.hpp"

#define XK_MISCELLANY
#include <X11/keysymdef.h>
#include <xcb/xtest.h>

#include <algorithm>
#include <set>

#include "x11/idle_client.hpp"
#include "x11/lock_state.hpp"

namespace ottobot::x11 {
namespace {

constexpr std::size_t kKeysPerRound = 64;

bool is_lock(Keysym key) { return key == XK_Caps_Lock || key == XK_Num_Lock || key == XK_Scroll_Lock; }

// Keys of media players and the like, which nothing here listens to: the vendor's range of keysyms.
bool is_spare(xcb_keysym_t symbol) { return symbol == XCB_NO_SYMBOL || (symbol & 0xFFFF0000U) == 0x10080000U; }

}  // namespace

void Keyboard::send(std::uint8_t type, xcb_keycode_t keycode) {
  xcb_test_fake_input(connection_.xcb(), type, keycode, XCB_CURRENT_TIME, XCB_NONE, 0, 0, 0);
}

Result<void> Keyboard::load_map(const CallContext& ctx) {
  const xcb_setup_t* setup = xcb_get_setup(connection_.xcb());
  const xcb_keycode_t first = setup->min_keycode;
  const auto count = static_cast<std::uint8_t>(setup->max_keycode - first + 1);
  auto reply = own(xcb_get_keyboard_mapping_reply(connection_.xcb(),
                                                  xcb_get_keyboard_mapping(connection_.xcb(), first, count), nullptr));
  if (!reply) return connection_.failure(ctx);
  const xcb_keysym_t* symbols = xcb_get_keyboard_mapping_keysyms(reply.get());
  const std::size_t width = reply->keysyms_per_keycode;
  places_.clear();
  free_.clear();
  // The first two symbols are those of the first group, alone and with Shift.
  for (std::size_t level = 0; level < std::min<std::size_t>(width, 2); ++level) {
    for (std::size_t key = 0; key < count; ++key) {
      const Keysym symbol = symbols[key * width + level];
      if (symbol != XCB_NO_SYMBOL) places_.emplace(symbol, Place{static_cast<xcb_keycode_t>(first + key), level == 1});
    }
  }
  for (std::size_t key = 0; key < count; ++key) {
    const xcb_keysym_t* of_key = symbols + key * width;
    if (std::all_of(of_key, of_key + width, is_spare)) free_.push_back(static_cast<xcb_keycode_t>(first + key));
  }
  // The last ones are taken first: those without any symbol.
  std::stable_partition(free_.begin(), free_.end(),
                        [&](xcb_keycode_t key) { return symbols[(key - first) * width] != XCB_NO_SYMBOL; });
  // Somebody may have loaded another keymap.
  bound_.remove_if([&](const Bound& bound) {
    const auto place = places_.find(bound.keysym);
    return place == places_.end() || place->second.keycode != bound.keycode;
  });
  return {};
}

Result<std::size_t> Keyboard::make_room(const std::vector<Keysym>& keys, std::size_t begin, const CallContext& ctx) {
  std::set<Keysym> wanted;
  std::vector<Keysym> missing;
  std::size_t ours = 0;  // of the keys that we bound
  std::size_t end = begin;
  for (; end < keys.size(); ++end) {
    const Keysym key = keys[end];
    if (!wanted.insert(key).second) continue;
    const auto bound = std::find_if(bound_.begin(), bound_.end(), [&](const Bound& b) { return b.keysym == key; });
    const bool is_there = places_.contains(key);
    if (is_there && bound == bound_.end()) continue;
    if (ours == free_.size() + bound_.size()) break;
    ++ours;
    if (is_there) {
      bound_.splice(bound_.end(), bound_, bound);
    } else {
      missing.push_back(key);
    }
  }
  if (end == begin) return unsupported("the keymap has no free key for a character of the text");
  if (missing.empty()) return end;
  if (auto done = bind(missing, ctx); !done) return fail(done.error());
  return end;
}

Result<void> Keyboard::bind(const std::vector<Keysym>& missing, const CallContext& ctx) {
  // Programs look a key up when they get to its event: it keeps its character until then.
  if (missing.size() > free_.size()) {
    if (auto idle = wait_for_idle_client(connection_, ctx); !idle) return idle;
  }
  std::vector<Bound> fresh;
  for (const Keysym keysym : missing) {
    if (free_.empty()) {
      places_.erase(bound_.front().keysym);
      free_.push_back(bound_.front().keycode);
      bound_.pop_front();
    }
    fresh.push_back({keysym, free_.back()});
    free_.pop_back();
    std::erase_if(places_, [&](const auto& place) { return place.second.keycode == fresh.back().keycode; });
    places_[keysym] = {fresh.back().keycode, false};
  }
  bound_.insert(bound_.end(), fresh.begin(), fresh.end());
  std::sort(fresh.begin(), fresh.end(), [](const Bound& a, const Bound& b) { return a.keycode < b.keycode; });
  // Keys side by side in one request: every request makes all programs load the map anew. A symbol twice, or the
  // capital letter would count as the shifted one of the small one.
  for (std::size_t begin = 0; begin < fresh.size();) {
    std::vector<xcb_keysym_t> symbols;
    std::size_t end = begin;
    for (; end < fresh.size() && fresh[end].keycode == fresh[begin].keycode + (end - begin); ++end)
      symbols.insert(symbols.end(), 2, fresh[end].keysym);
    xcb_change_keyboard_mapping(connection_.xcb(), static_cast<std::uint8_t>(end - begin), fresh[begin].keycode, 2,
                                symbols.data());
    begin = end;
  }
  return connection_.sync(ctx);
}

Result<void> Keyboard::strike(const std::vector<Keysym>& keys, std::size_t end, std::size_t& typed,
                              const CallContext& ctx) {
  auto shift = keycode_of(Modifier::shift);
  if (!shift) return fail(shift.error());
  bool is_down = false;
  Result<void> outcome;
  while (outcome && typed < end) {
    const Place& place = places_.at(keys[typed]);
    if (place.shifted != is_down) {
      is_down = place.shifted;
      send(is_down ? XCB_KEY_PRESS : XCB_KEY_RELEASE, *shift);
    }
    send(XCB_KEY_PRESS, place.keycode);
    send(XCB_KEY_RELEASE, place.keycode);
    ++typed;
    if (typed % kKeysPerRound == 0) outcome = ctx.check() ? connection_.sync(ctx) : ctx.check();
  }
  if (is_down) send(XCB_KEY_RELEASE, *shift);
  return outcome ? connection_.sync(ctx) : outcome;
}

Result<void> Keyboard::type_all(const std::vector<Keysym>& keys, std::size_t& typed, const CallContext& ctx) {
  if (auto loaded = load_map(ctx); !loaded) return loaded;
  while (typed < keys.size()) {
    auto end = make_room(keys, typed, ctx);
    if (!end) return fail(end.error());
    if (auto struck = strike(keys, *end, typed, ctx); !struck) return struck;
  }
  return {};
}

Result<void> Keyboard::type(const std::vector<Keysym>& keys, const CallContext& ctx) {
  const PlainLockState plain(connection_);
  std::size_t typed = 0;
  auto done = type_all(keys, typed, ctx);
  if (done) return done;
  return fail(done.error(),
              "typed about " + std::to_string(typed) + " of " + std::to_string(keys.size()) + " characters");
}

Result<void> Keyboard::press(const Chord& chord, const CallContext& ctx) {
  if (auto loaded = load_map(ctx); !loaded) return loaded;
  if (is_lock(chord.key))
    return hold(
        chord.modifiers, [&] { return press_plain(chord, ctx); }, ctx);
  const PlainLockState plain(connection_);
  return hold(
      chord.modifiers, [&] { return press_plain(chord, ctx); }, ctx);
}

Result<void> Keyboard::press_plain(const Chord& chord, const CallContext& ctx) {
  const std::vector<Keysym> keys{chord.key};
  if (auto room = make_room(keys, 0, ctx); !room) return fail(room.error());
  const Place place = places_.at(chord.key);
  const bool has_shift =
      std::find(chord.modifiers.begin(), chord.modifiers.end(), Modifier::shift) != chord.modifiers.end();
  const auto strike_key = [&]() -> Result<void> {
    send(XCB_KEY_PRESS, place.keycode);
    send(XCB_KEY_RELEASE, place.keycode);
    return {};
  };
  if (!place.shifted || has_shift) return strike_key();
  return hold({Modifier::shift}, strike_key, ctx);
}

Result<void> Keyboard::hold(const std::vector<Modifier>& modifiers, const std::function<Result<void>()>& action,
                            const CallContext& ctx) {
  if (places_.empty()) {
    if (auto loaded = load_map(ctx); !loaded) return loaded;
  }
  std::vector<xcb_keycode_t> held;
  for (const Modifier modifier : modifiers) {
    auto keycode = keycode_of(modifier);
    if (!keycode) return fail(keycode.error());
    held.push_back(*keycode);
  }
  for (const xcb_keycode_t keycode : held) send(XCB_KEY_PRESS, keycode);
  auto outcome = action();
  std::for_each(held.rbegin(), held.rend(), [&](xcb_keycode_t keycode) { send(XCB_KEY_RELEASE, keycode); });
  return outcome ? connection_.sync(ctx) : outcome;
}

Result<xcb_keycode_t> Keyboard::keycode_of(Modifier modifier) const {
  const auto place = places_.find(keysym_of(modifier));
  if (place == places_.end()) return unsupported("the keymap lacks a modifier key that is needed");
  return place->second.keycode;
}

}  // namespace ottobot::x11
