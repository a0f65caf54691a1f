// A response that goes on after its handler has returned.
#pragma once

#include <mutex>

#include "net/server/connection.hpp"

namespace ottobot::net {

class ConnectionResponseStream final : public ResponseStream {
 public:
  ConnectionResponseStream(std::shared_ptr<Connection> connection, bool chunked, bool suppress_body, bool keep_alive)
      : connection_(std::move(connection)), chunked_(chunked), suppress_body_(suppress_body), keep_alive_(keep_alive) {}
  ~ConnectionResponseStream() override { finish(); }

  bool send(std::string bytes) override;
  std::size_t queued_bytes() const override { return connection_->queued_bytes(); }
  void finish() override;

 private:
  const std::shared_ptr<Connection> connection_;
  const bool chunked_;
  const bool suppress_body_;
  const bool keep_alive_;
  std::mutex mutex_;  // guards finished_, and the order of what is sent against the end
  bool finished_ = false;
};

}  // namespace ottobot::net
