#include "x11/pointer.hpp"

#include <xcb/xtest.h>

#include "ottobot/clock.hpp"

namespace ottobot::x11 {
namespace {

// Programs tell a drag from a click by what moves while the button is down.
constexpr int kDragSteps = 12;
constexpr std::chrono::milliseconds kDragStep{8};

constexpr std::chrono::milliseconds kPoll{2};
constexpr std::chrono::seconds kReleasePatience{5};

void send(Connection& connection, std::uint8_t type, std::uint8_t detail, Point at = {}) {
  xcb_test_fake_input(connection.xcb(), type, detail, XCB_CURRENT_TIME, connection.root(),
                      static_cast<std::int16_t>(at.x), static_cast<std::int16_t>(at.y), 0);
}

void move(Connection& connection, Point to) { send(connection, XCB_MOTION_NOTIFY, 0, to); }

// A window manager that decides whom a click is for holds the pointer meanwhile (a synchronous grab): the server puts
// off what is sent then, and lets it happen where the pointer is afterwards. It tells of the first five buttons only.
Result<void> release(Connection& connection, std::uint8_t button, const CallContext& ctx) {
  send(connection, XCB_BUTTON_RELEASE, button);
  const unsigned mask = button <= 5 ? unsigned{XCB_BUTTON_MASK_1} << (button - 1U) : 0;
  const CallContext limited = ctx.within(kReleasePatience);
  for (;;) {
    auto pointer =
        own(xcb_query_pointer_reply(connection.xcb(), xcb_query_pointer(connection.xcb(), connection.root()), nullptr));
    if (!pointer) return connection.failure(ctx);
    if ((pointer->mask & mask) == 0) return {};
    if (system_clock().sleep_for(kPoll, limited)) continue;
    if (auto alive = ctx.check(); !alive) return alive;
    return unavailable("a window holds the mouse button down", "take a screenshot to see what the click did");
  }
}

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
  auto released = release(connection, click.button, ctx);
  return outcome ? released : outcome;
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
    Result<void> outcome;
    for (int i = 0; outcome && i < click.count; ++i) {
      send(connection, XCB_BUTTON_PRESS, click.button);
      outcome = release(connection, click.button, ctx);
    }
    return outcome;
  };
  return keyboard.hold(click.modifiers, press, ctx);
}

}  // namespace ottobot::x11
