// The handler's side of one request.
#pragma once

#include "net/server/connection.hpp"
#include "net/server/response_writer.hpp"

namespace ottobot::net {

class ServerExchange final : public Exchange {
 public:
  ServerExchange(std::shared_ptr<Connection> connection, std::shared_ptr<Transaction> transaction);

  const RequestHead& request() const override { return transaction_->request.head; }
  std::stop_token client_gone() const override { return transaction_->gone.get_token(); }
  bool body_complete() const override { return transaction_->body.complete(); }
  Result<std::string> read_body(std::size_t max_bytes) override;
  Result<std::size_t> read(std::span<char> buffer) override;
  void respond(Response response) override;
  Result<void> start(int status, Headers headers) override;
  Result<void> write(std::string_view bytes) override;
  void finish() override;
  std::shared_ptr<ResponseStream> start_stream(int status, Headers headers, ResponseStreamObserver observer) override;
  void upgrade_and_bridge(std::string_view protocol, const Headers& headers, Upstream upstream) override;
  Result<std::shared_ptr<WebSocket>> accept_websocket(const WebSocketOptions& options,
                                                      std::shared_ptr<WebSocketObserver> observer) override;

  bool answered() const { return state_ != State::unanswered; }
  void respond_error(int status, const std::string& message);
  // The handler has returned.
  void close();

 private:
  enum class State { unanswered, streaming, answered };

  bool can_keep_alive(const Headers& headers) const;
  void start_body(int status, const Headers& headers);
  void respond_upgrade_required(Headers headers, const std::string& message);

  std::shared_ptr<Connection> connection_;
  std::shared_ptr<Transaction> transaction_;
  HandlerOutcome outcome_;
  State state_ = State::unanswered;
  bool continue_due_;

  BodyFraming framing_ = BodyFraming::none;  // of a started response, as all below
  bool suppress_body_ = false;
  bool keep_alive_ = false;
  std::uint64_t length_left_ = 0;
};

}  // namespace ottobot::net
