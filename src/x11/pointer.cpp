#include "x11/pointer.hpp"

#include <xcb/xtest.h>

#include "ottobot/clock.hpp"

namespace ottobot::x11 {
namespace {

// Programs tell a drag from a click by what moves while the button is down.
constexpr int kDragSteps = 12;
constexpr std::chrono::milliseconds kDragStep{8};

void send(Connection& connection, std::uint8_t type, std::uint8_t detail, Point at = {}) {
  xcb_test_fake_input(connection.xcb(), type, detail, XCB_CURRENT_TIME, connection.root(),
                      static_cast<std::int16_t>(at.x), static_cast<std::int16_t>(at.y), 0);
}

void move(Connection& connection, Point to) { send(connection, XCB_MOTION_NOTIFY, 0, to); }

Result<void> check_inside(Point at, Size screen) {
  if (at.x >= 0 && at.y >= 0 && at.x < screen.width && at.y < screen.height) return {};
  return invalid_argument(
      "(" + std::to_string(at.x) + ", " + std::to_string(at.y) + ") is outside the screen",
      "x goes from 0 to " + std::to_string(screen.width - 1) + " and y from 0 to " + std::to_string(screen.height - 1));
}

Result<void> drag(Connection& connection, const Click& click, const CallContext& ctx) {
  send(connection, XCB_BUTTON_PRESS, click.button);
  Result<void> outcome;
  for (int step = 1; outcome && step <= kDragSteps; ++step) {
    move(connection, {click.at.x + (click.drag_to->x - click.at.x) * step / kDragSteps,
                      click.at.y + (click.drag_to->y - click.at.y) * step / kDragSteps});
    outcome = connection.sync(ctx);
    if (outcome) outcome = system_clock().sleep_for(kDragStep, ctx);
  }
  send(connection, XCB_BUTTON_RELEASE, click.button);
  return outcome;
}

}  // namespace

Result<void> click(Connection& connection, Keyboard& keyboard, const Click& click, const CallContext& ctx) {
  auto screen = connection.screen_size(ctx);
  if (!screen) return fail(screen.error());
  if (auto inside = check_inside(click.at, *screen); !inside) return inside;
  if (click.drag_to) {
    if (auto inside = check_inside(*click.drag_to, *screen); !inside) return inside;
  }
  move(connection, click.at);
  const auto press = [&]() -> Result<void> {
    if (click.drag_to) return drag(connection, click, ctx);
    for (int i = 0; i < click.count; ++i) {
      send(connection, XCB_BUTTON_PRESS, click.button);
      send(connection, XCB_BUTTON_RELEASE, click.button);
    }
    return {};
  };
  return keyboard.hold(click.modifiers, press, ctx);
}

}  // namespace ottobot::x11
