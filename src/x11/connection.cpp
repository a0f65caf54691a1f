#include "x11/connection.hpp"

#include <sys/socket.h>

namespace ottobot::x11 {
namespace {

constexpr std::chrono::milliseconds kGrace{500};

}  // namespace

Limit::Limit(int socket, const CallContext& ctx)
    : watcher_([this, socket, ctx] {
        std::unique_lock lock(mutex_);
        ended_.wait_until(lock, ctx.stop, ctx.deadline, [this] { return done_; });
        // What checks ctx by itself ends in good order now, with no key left down.
        ended_.wait_for(lock, kGrace, [this] { return done_; });
        if (!done_) ::shutdown(socket, SHUT_RDWR);
      }) {}

Limit::~Limit() {
  {
    std::lock_guard lock(mutex_);
    done_ = true;
  }
  ended_.notify_all();
  watcher_.join();
}

Result<std::unique_ptr<Connection>> Connection::open(net::UniqueFd socket, const CallContext& ctx) {
  const Limit limit(socket.get(), ctx);
  xcb_connection_t* xcb = xcb_connect_to_fd(socket.release(), nullptr);
  if (xcb_connection_has_error(xcb) != 0) {
    xcb_disconnect(xcb);
    if (auto alive = ctx.check(); !alive) return fail(alive.error(), "the desktop does not answer");
    return unavailable("the desktop's display refuses the connection");
  }
  std::unique_ptr<Connection> connection(new Connection(xcb, xcb_setup_roots_iterator(xcb_get_setup(xcb)).data->root));
  xcb_intern_atom_cookie_t* atoms = xcb_ewmh_init_atoms(xcb, &connection->ewmh_);
  if (atoms == nullptr || xcb_ewmh_init_atoms_replies(&connection->ewmh_, atoms, nullptr) == 0) {
    return connection->failure(ctx);
  }
  return connection;
}

Connection::~Connection() {
  xcb_ewmh_connection_wipe(&ewmh_);
  xcb_disconnect(xcb_);
}

bool Connection::is_broken() {
  while (auto event = own(xcb_poll_for_event(xcb_))) continue;
  return xcb_connection_has_error(xcb_) != 0;
}

Result<void> Connection::sync(const CallContext& ctx) {
  if (own(xcb_get_input_focus_reply(xcb_, xcb_get_input_focus(xcb_), nullptr))) return {};
  return failure(ctx);
}

Failure Connection::failure(const CallContext& ctx) const {
  if (auto alive = ctx.check(); !alive) return fail(alive.error(), "the desktop does not answer");
  if (xcb_connection_has_error(xcb_) == 0) return unavailable("the desktop refused a request", "try again");
  return unavailable("the desktop ended during the call", "it starts again; take a screenshot to see its state");
}

Result<Size> Connection::screen_size(const CallContext& ctx) {
  auto geometry = own(xcb_get_geometry_reply(xcb_, xcb_get_geometry(xcb_, root_), nullptr));
  if (!geometry) return failure(ctx);
  return Size{geometry->width, geometry->height};
}

bool Connection::has_window_manager() {
  xcb_window_t check = XCB_NONE;
  if (xcb_ewmh_get_supporting_wm_check_reply(&ewmh_, xcb_ewmh_get_supporting_wm_check(&ewmh_, root_), &check,
                                             nullptr) == 0) {
    return false;
  }
  // The property outlives a killed one, its window does not.
  return own(xcb_get_geometry_reply(xcb_, xcb_get_geometry(xcb_, check), nullptr)) != nullptr;
}

}  // namespace ottobot::x11
