// One viewer of a desktop: taken at once, held until the session's sandbox shows its screen, then bridged to it. Holds
// no thread while it waits. What the viewer may do there is DesktopControl's to say.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "api/context.hpp"

namespace ottobot::api {

class VncSocket final : public net::WebSocketObserver,
                        public SessionSink,
                        public OpenSocket,
                        public std::enable_shared_from_this<VncSocket> {
 public:
  VncSocket(std::shared_ptr<Context> context, std::string session_id, Caller caller, SocketSlot slot)
      : context_(std::move(context)),
        session_id_(std::move(session_id)),
        caller_(std::move(caller)),
        slot_(std::move(slot)) {}

  static net::WebSocketOptions websocket_options();
  // Takes the WebSocket of `exchange`, or answers that it is none. A viewer that wants to know its id brings one along,
  // as ?viewer=.
  static void accept(const std::shared_ptr<Context>& context, net::Exchange& exchange, const std::string& session_id,
                     Caller caller, SocketSlot slot);

  void shut_down() override;
  const Caller& caller() const override { return caller_; }
  void turn_away() override;

  void on_message(std::string payload, bool binary) override;
  void on_drained() override {}
  void on_close(int code) override;

  // The session moves: look at once.
  void on_events(Seq last_seq) noexcept override;
  void on_ephemeral(const Json&) noexcept override {}

 private:
  enum class Attempt { bridged, given_up, try_again };
  // Once, on a handler thread.
  void open(std::shared_ptr<net::WebSocket> client, const std::string& wished_id);
  void schedule_attempt(std::chrono::milliseconds delay);
  void schedule_poll();
  void attempt();
  Attempt connect_and_bridge(net::WebSocket& to, const Endpoint& sandbox);
  Attempt try_to_bridge();
  Attempt give_up(int code, const std::string& reason);
  bool watch(const std::string& wished_id);
  void stop_watching();

  std::shared_ptr<net::WebSocket> client();
  std::string viewer_id();

  const std::shared_ptr<Context> context_;
  const std::string session_id_;
  const Caller caller_;
  const SocketSlot slot_;
  SteadyTime give_up_at_;  // set by open()

  std::mutex mutex_;  // guards the members below
  std::shared_ptr<net::WebSocket> client_;
  std::unique_ptr<Subscription> subscription_;
  std::string viewer_id_;  // empty before it is one
  bool closed_ = false;
  bool attempting_ = false;  // an attempt is on its way or runs
  bool look_again_ = false;  // something happened meanwhile
  bool polling_ = false;     // a timer is set
  bool settled_ = false;     // bridged, or given up
};

}  // namespace ottobot::api
