// The answer to one request over HTTP: a JSON body, or, once something has to be sent before the response, a stream of
// events. Thread-safe: tools and the keep-alive thread write beside the handler.
#pragma once

#include <memory>
#include <mutex>

#include "net/server/http_server.hpp"
#include "ottobot/mcp_transport.hpp"

namespace ottobot::mcp {

class ReplyStream final : public McpMessageSink {
 public:
  // `exchange` is borrowed; it is used under a lock, by one thread at a time.
  explicit ReplyStream(net::Exchange& exchange) : exchange_(exchange) {}

  // Progress is dropped for a client that does not read.
  void on_message(const Json& message) override;
  // A comment that shows proxies and clients that somebody is there.
  void keep_alive();
  // The response. Status and headers are for the JSON form. Nothing is sent after it.
  void finish(int status, net::Headers headers, const Json& response);

 private:
  void open();  // needs mutex_

  std::mutex mutex_;  // guards all below
  net::Exchange& exchange_;
  std::shared_ptr<net::ResponseStream> stream_;
  bool finished_ = false;
};

}  // namespace ottobot::mcp
