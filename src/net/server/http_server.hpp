// HTTP/1.1 and WebSocket server on Asio.
//
// One HttpServer has its I/O threads and one bounded pool of handler threads; many listeners (TCP or unix sockets)
// share them, each with its own handler, opened and closed while the server runs. A handler runs on a pool thread (or,
// when it is marked quick, starts on the I/O thread) and may block; what it blocks on (reading a body, writing one)
// ends with the client or a time-out. When every pool thread is busy and the backlog is full, requests are answered 503
// with Retry-After by the I/O thread. Handlers marked inline run on the I/O thread and must not block (/health).
//
// Protocol: RFC 9112 with keep-alive, pipelining, chunked bodies both ways, 100-continue; strict against smuggling
// (Transfer-Encoding with Content-Length, differing Content-Length, bare LF, obs-fold, bad chunk sizes are 400 and
// close). WebSocket: RFC 6455 through websocketpp. TLS: what the listener's TlsContext gives; its handshake counts as a
// part of the first request's head. The class is thread-safe; destroying it closes everything and joins.
#pragma once

#include <any>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "net/http_types.hpp"
#include "net/unique_fd.hpp"
#include "ottobot/call_context.hpp"
#include "ottobot/log.hpp"

namespace ottobot::net {

class TlsContext;

struct RequestHead {
  std::string method;  // upper case as sent
  std::string target;  // as sent
  std::string path;    // of the target, still percent-encoded
  std::string query;   // after '?', still encoded; empty if none
  Headers headers;
  std::string peer;  // "127.0.0.1:5000", or "unix:uid=1000,pid=7"
  bool over_tls = false;
  std::any begun = {};  // by ListenOptions::is_quick, for the handler

  // First value of a query parameter, decoded; nullopt when absent or broken.
  std::optional<std::string> query_param(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers;  // Content-Length, Date and Connection are added
  std::string body;
};

// A connected stream socket with bytes that were read from it already.
struct Upstream {
  UniqueFd fd;
  std::string early_bytes;
  std::shared_ptr<void> guard = {};  // of a bridge: destroyed, on an I/O thread, when it ends
};

// What a bridged client may say. Called on an I/O thread, one call at a time: must not block.
class ByteFilter {
 public:
  virtual ~ByteFilter() = default;
  // Appends to `out` what goes upstream of `bytes`, the client's next ones. Returns 0, or the code with which the
  // socket is closed.
  virtual int filter(std::string_view bytes, std::string& out) = 0;
};

// One accepted WebSocket. Thread-safe; keep the shared_ptr as long as you use it.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  virtual void send_text(std::string payload) = 0;  // queued; dropped after close
  virtual void send_binary(std::string payload) = 0;
  virtual std::size_t queued_bytes() const = 0;  // not yet taken by the kernel
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  virtual void close(int code, std::string reason) = 0;  // flushes what is queued, waits shortly for the peer's close
  // From now on binary frames are the bytes of `upstream`, both ways, with backpressure; ends with either side. Frames
  // that came before are delivered first. The observer only gets on_close afterwards. `filter` sees what the client
  // sends; without one everything passes.
  virtual void bridge(Upstream upstream, std::unique_ptr<ByteFilter> filter) = 0;
};

// Called on an I/O thread, one call at a time per socket: must not block.
class WebSocketObserver {
 public:
  virtual ~WebSocketObserver() = default;
  virtual void on_message(std::string payload, bool binary) = 0;
  virtual void on_drained() = 0;        // queued_bytes() fell below the low mark (64 KiB) after being above it
  virtual void on_close(int code) = 0;  // last call; 1006 when the connection broke
};

struct WebSocketOptions {
  std::size_t max_message_bytes = 1 << 20;         // larger: close 1009
  std::vector<std::string> subprotocols;           // the first that the client offers is chosen
  std::chrono::milliseconds ping_interval{30000};  // a peer silent for two of them is closed
  std::size_t max_queued_bytes = 8 << 20;          // a reader slower than that is closed (1013)
};

// A streamed answer that holds no thread (server-sent events). Thread-safe.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;       // as finish()
  virtual bool send(std::string bytes) = 0;  // queued; false once the client is gone
  virtual std::size_t queued_bytes() const = 0;
  virtual void finish() = 0;
};
struct ResponseStreamObserver {
  std::function<void()> on_drained;  // I/O thread: must not block
  std::function<void()> on_closed;   // I/O thread, once: the client is gone or finish() is done
};

// One request and its answer; answered exactly once. Used until the handler returns, on the thread that it runs on: one
// of the pool, or for an inline or a quick handler an I/O thread, which only a quick one may block.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual const RequestHead& request() const = 0;
  // Fires when the client disconnects or the server stops.
  virtual std::stop_token client_gone() const = 0;

  // Whether all of the body has arrived: reading it does not block then.
  virtual bool body_complete() const = 0;
  // The whole body. Errors: resource_exhausted beyond max_bytes (answer 413), deadline_exceeded (408), unavailable
  // (client gone), invalid_argument (bad chunking: 400).
  virtual Result<std::string> read_body(std::size_t max_bytes) = 0;
  // The next bytes of it; 0 at its end. Same errors.
  virtual Result<std::size_t> read(std::span<char> buffer) = 0;

  virtual void respond(Response response) = 0;
  // Head now, then write() until finish(): chunked unless headers have Content-Length. write() blocks while more than
  // 256 KiB are unsent. Errors: unavailable when the client is gone, deadline_exceeded when it takes nothing for 60 s.
  // Destroying the exchange without finish() breaks the connection, so that a cut body cannot pass for a whole one.
  virtual Result<void> start(int status, Headers headers) = 0;
  virtual Result<void> write(std::string_view bytes) = 0;
  virtual void finish() = 0;
  // The observer is called from when the handler has returned.
  virtual std::shared_ptr<ResponseStream> start_stream(int status, Headers headers,
                                                       ResponseStreamObserver observer) = 0;

  // 101 with `Upgrade: protocol` and `headers`, then raw bytes both ways between client and upstream, with
  // backpressure, until one ends (half-close is passed on).
  virtual void upgrade_and_bridge(std::string_view protocol, const Headers& headers, Upstream upstream) = 0;
  // Answers the WebSocket handshake (400/426 itself when it is none, with an error Result). The observer is kept until
  // after on_close; it is called from when the handler has returned, so the handler can store the socket first. What is
  // sent before goes out then, too.
  virtual Result<std::shared_ptr<WebSocket>> accept_websocket(const WebSocketOptions& options,
                                                              std::shared_ptr<WebSocketObserver> observer) = 0;
};

using Handler = std::function<void(Exchange&)>;

struct HttpServerOptions {
  int io_threads = 1;
  int handler_threads = 16;
  std::size_t handler_backlog = 1024;
  std::size_t max_header_bytes = 32 << 10;          // 431 beyond; 414 when it is the target
  std::size_t max_connections = 20000;              // 503 beyond
  std::chrono::milliseconds header_timeout{30000};  // 408
  std::chrono::milliseconds body_timeout{30000};    // between bytes: 408
  std::chrono::milliseconds keep_alive{75000};
  std::chrono::milliseconds write_timeout{60000};  // a client that takes nothing for so long is gone
  Logger* logger = nullptr;                        // null_logger() when null; must outlive the server
};

struct ListenOptions {
  std::string address = "127.0.0.1";  // IP address, "localhost", or "unix:/path"
  int port = 0;                       // 0 = any free one
  unsigned unix_mode = 0660;          // mode of a unix socket
  std::shared_ptr<TlsContext> tls;    // https and wss instead of http and ws; see net/tls
  Handler handler;
  // Runs on the I/O thread, and must not block, when it returns true: for /health. May be empty.
  std::function<bool(const RequestHead&)> is_inline;
  // True for requests that are mostly answered within a fraction of a millisecond: they start on the I/O thread, which
  // spares two switches of threads. They may block like any other; the I/O goes on without them then. All that have
  // arrived are asked about before the first of them starts, on the I/O thread: what needs no waiting may be begun then,
  // and left in the head. Must not block. May be empty.
  std::function<bool(RequestHead&)> is_quick;
  // An error (parse failure, time-out, overload) that no handler sees: makes the body. May be empty: plain text.
  std::function<Response(int status, const std::string& message)> error_response;
};

class Listener {
 public:
  // Closes the port and its connections, waits for its running handlers: never from one of them or an I/O thread.
  virtual ~Listener() = default;
  virtual int port() const = 0;  // 0 for a unix socket
  virtual void stop_accepting() = 0;
};

class HttpServer {
 public:
  virtual ~HttpServer() = default;
  // Errors: conflict (address in use; the hint names a free way out), permission_denied, invalid_argument.
  virtual Result<std::unique_ptr<Listener>> listen(ListenOptions options) = 0;
  // Runs `task` on the handler pool; false when the backlog is full or the server stops.
  virtual bool post(std::function<void()> task) = 0;
};

Result<std::unique_ptr<HttpServer>> make_http_server(const HttpServerOptions& options);

}  // namespace ottobot::net
