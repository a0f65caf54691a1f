// One HTTP connection: reads requests, starts their handlers one after the other, sends what they answer.
//
// Everything private happens on the loop's thread. The calls of an exchange come from its handler's thread and only
// touch the send queue, the transaction's body pipe, or post to the loop.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "net/server/body_decoder.hpp"
#include "net/server/body_pipe.hpp"
#include "net/server/deadline.hpp"
#include "net/server/handler_pool.hpp"
#include "net/server/link_registry.hpp"
#include "net/server/request_parser.hpp"
#include "net/server/send_queue.hpp"

namespace ottobot::net {

// What all connections of one listener share.
struct ListenerContext {
  HttpServerOptions options;
  ListenOptions listen;
  Logger& logger;
  std::shared_ptr<HandlerPool> pool;
  std::shared_ptr<LinkRegistry> links;
};

// One request and what its handler needs, alive as long as either side uses it.
struct Transaction {
  Transaction(ParsedRequest parsed, std::function<void()> body_wanted)
      : request(std::move(parsed)), body(std::move(body_wanted)) {}

  ParsedRequest request;
  BodyPipe body;
  std::stop_source gone;
  bool may_block = true;  // false on the I/O thread
};

// What is left to do when a handler has returned.
struct HandlerOutcome {
  std::optional<ResponseStreamObserver> observer;  // of a stream that goes on
  std::shared_ptr<UpgradedLink> upgrade;           // gets the socket
};

class Connection final : public Link, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<const ListenerContext> context, Stream stream, std::string peer);

  // Loop thread.
  void start();
  void refuse_at_once(int status, const std::string& message);

  void shut_down() override;
  bool waits_for_request() const override { return waits_for_request_; }

  // Any thread.
  bool send(std::string bytes);  // false when the connection is broken
  std::size_t queued_bytes() const { return out_.size(); }
  Result<void> wait_for_room(std::size_t limit) { return out_.wait_for_room(limit); }
  void response_done(bool keep_alive);
  void handler_done(HandlerOutcome outcome);
  void abort(Error why);
  bool broken() const { return broken_; }
  const ListenerContext& context() const { return *context_; }
  const std::shared_ptr<const ListenerContext>& shared_context() const { return context_; }
  const std::shared_ptr<IoLoop>& loop() const { return loop_; }

 private:
  enum class Phase { head, body, busy };  // of the input: busy = the whole request is here, its answer is not
  using Clock = std::chrono::steady_clock;

  // connection_input.cpp
  void want_read();
  void on_readable();
  void on_end_of_input();
  void consume(std::string_view bytes);
  std::size_t take_head(std::string_view bytes);
  std::size_t take_body(std::string_view bytes);
  void begin_request(ParsedRequest request);
  bool awaits_short_body() const;
  void dispatch();
  void on_body_wanted();

  // connection.cpp
  void refuse(int status, const std::string& message);
  Response error_response(int status, const std::string& message) const;
  void flush();
  void tell_if_drained();
  void advance();
  void next_request();
  void hand_over();
  void close_when_sent();
  void break_off(Error why);
  void drop_outcome();
  void leave();
  void expect_input_within(std::chrono::milliseconds timeout);
  void arm();
  void on_deadline();

  const std::shared_ptr<const ListenerContext> context_;
  const std::shared_ptr<IoLoop> loop_;
  Stream stream_;
  const std::string peer_;
  SendQueue out_;
  std::atomic<bool> broken_{false};
  std::atomic<bool> waits_for_request_{true};  // or is in the middle of its head

  RequestParser parser_;
  BodyDecoder decoder_;
  std::string input_;  // read but not yet used: pipelined requests, first bytes of an upgraded protocol
  std::shared_ptr<Transaction> transaction_;
  HandlerOutcome outcome_;
  Phase phase_ = Phase::head;
  bool reading_ = false;  // a wait_readable is under way
  bool ended_ = false;    // the client sent FIN
  bool dispatch_due_ = false;
  bool handler_runs_ = false;
  bool response_done_ = false;
  bool keep_alive_ = true;
  bool closing_ = false;  // close once everything is sent
  bool closed_ = false;

  Deadline deadline_;
  SteadyTime input_due_ = SteadyTime::max();
  SteadyTime output_due_ = SteadyTime::max();
};

// Runs the listener's handler for one request on this thread; handler_done() is called at the end. In exchange.cpp.
void run_handler(const std::shared_ptr<Connection>& connection, const std::shared_ptr<Transaction>& transaction);
// A whole response, for both the exchange and the I/O thread's own answers.
std::string whole_response(const ParsedRequest* request, Response response, bool keep_alive);

}  // namespace ottobot::net
