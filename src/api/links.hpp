// URLs that users are given. Pure.
#pragma once

#include <string>

#include "net/server/http_server.hpp"
#include "ottobot/json.hpp"

namespace ottobot::api {

struct LinkOptions {
  std::string public_url;  // empty = none
  std::string host;        // where the server listens; a wildcard gives way to what the request was sent to
  int port = 0;
};

// Made for one request: its scheme is that of the links, and on a wildcard address users are sent back to where they
// came from.
class Links {
 public:
  Links(LinkOptions options, const net::RequestHead& head);

  const std::string& base() const { return base_; }
  std::string chat_url(const std::string& session_id) const;
  // `vnc_port` is the session's own, 0 = none. `ticket` is for the page and the WebSocket that it opens; empty = none.
  std::string vnc_url(const std::string& session_id, int vnc_port, const std::string& ticket = {}) const;
  // The log names paths of the service; whoever is shown an event of it, or a chat frame, gets URLs.
  Json in_full(Json shown) const;

 private:
  bool has_public_url_;
  std::string base_;  // http(s)://host:port[/prefix]
  std::string host_;  // as it stands in a URL
};

// The page's parameters: connects by itself, to `websocket_path` on the server that the page came from.
// noVNC hands no parameter on: the ticket is part of that path, too.
std::string vnc_page_query(const std::string& websocket_path, const std::string& ticket = {});

}  // namespace ottobot::api
