// One accepted WebSocket: frames by the codec, close handshake, pings and limits here.
//
// The WebSocket calls come from any thread; everything private happens on the loop's thread.
#pragma once

#include <atomic>
#include <optional>

#include "net/server/deadline.hpp"
#include "net/server/link_registry.hpp"
#include "net/server/upstream_pump.hpp"
#include "net/websocket/websocket_codec.hpp"

namespace ottobot::net {

class WebSocketConnection final : public WebSocket,
                                  public UpgradedLink,
                                  public PumpOwner,
                                  public std::enable_shared_from_this<WebSocketConnection> {
 public:
  WebSocketConnection(std::shared_ptr<IoLoop> loop, std::shared_ptr<LinkRegistry> links,
                      const WebSocketOptions& options, std::shared_ptr<WebSocketObserver> observer);

  void send_text(std::string payload) override;
  void send_binary(std::string payload) override;
  std::size_t queued_bytes() const override { return out_.size(); }
  void pause_reading() override;
  void resume_reading() override;
  void close(int code, std::string reason) override;
  void bridge(Upstream upstream, std::unique_ptr<ByteFilter> filter) override;

  void start(Stream stream, std::string early_bytes) override;
  void shut_down() override;

 private:
  // open → closing (our close frame is queued, the peer's is awaited) or ending (both are, or none is hoped for) →
  // done.
  enum class State { open, closing, ending, done };

  void on_upstream_bytes(std::string_view bytes) override;
  bool wants_upstream_bytes() const override;
  void on_upstream_room() override { want_read(); }
  void on_upstream_end(int close_code) override;
  std::shared_ptr<void> keep_alive() override { return shared_from_this(); }

  void send(WebSocketOpcode opcode, const std::string& payload);
  void queue(WebSocketOpcode opcode, const std::string& payload);
  void want_read();
  void on_readable();
  void consume(char* bytes, std::size_t size);
  void handle(WebSocketEvent event);
  void on_message(WebSocketEvent event);
  void on_peer_close(int code);
  void begin_bridge(Upstream upstream, std::unique_ptr<ByteFilter> filter);
  void pass_upstream(std::string bytes);
  void begin_close(int code, std::string reason);
  void end_when_sent(int code);
  void flush();
  void on_tick();
  void expect_within(std::chrono::milliseconds timeout);
  void finish(int code);
  void release();

  const std::shared_ptr<IoLoop> loop_;
  const std::shared_ptr<LinkRegistry> links_;
  const std::size_t max_queued_bytes_;
  const std::chrono::milliseconds ping_interval_;
  std::shared_ptr<WebSocketObserver> observer_;
  SendQueue out_;
  std::atomic<bool> accepting_{true};  // messages to send
  std::atomic<bool> paused_{false};

  std::optional<Stream> stream_;  // set by start()
  WebSocketDecoder decoder_;
  std::string input_;  // read while paused
  std::unique_ptr<UpstreamPump> pump_;
  std::unique_ptr<ByteFilter> filter_;  // of the pump; may be null
  State state_ = State::open;
  int close_code_ = 0;
  bool reading_ = false;
  Deadline deadline_;
  SteadyTime heard_at_;
};

}  // namespace ottobot::net
