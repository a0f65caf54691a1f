// The upstream half of a bridged WebSocket: a socket whose bytes become frames, and back, with backpressure both ways.
#pragma once

#include "net/server/http_server.hpp"
#include "net/server/send_queue.hpp"

namespace ottobot::net {

// Everything on the loop's thread.
class PumpOwner {
 public:
  virtual ~PumpOwner() = default;
  virtual void on_upstream_bytes(std::string_view bytes) = 0;
  virtual bool wants_upstream_bytes() const = 0;     // false: reading goes on with the next UpstreamPump::read()
  virtual void on_upstream_room() = 0;               // congested() has become false
  virtual void on_upstream_end(int close_code) = 0;  // destroys nothing; the owner calls close()
  virtual std::shared_ptr<void> keep_alive() = 0;
};

class UpstreamPump {
 public:
  UpstreamPump(PumpOwner& owner, std::shared_ptr<IoLoop> loop, Upstream upstream);

  void start();
  void read();
  void write(std::string bytes);
  bool congested() const { return out_.size() > kMaxUnsent; }
  void close();

 private:
  static constexpr std::size_t kMaxUnsent = 256 << 10;

  void on_readable();
  void flush();

  PumpOwner& owner_;
  Stream stream_;
  SendQueue out_;
  std::string early_bytes_;
  bool reading_ = false;
};

}  // namespace ottobot::net
