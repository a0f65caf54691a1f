// Which app, in whose sandbox, a preview request is for: told from its URL. Pure.
//
// An app is untrusted: it must not run as a page of ours. It has two kinds of addresses:
//   a host name of its own, PORT-ID.DOMAIN (ID in hex): an origin of its own, where it may do what any site may
//   a path, /session/ID/preview/PORT/…: a browser runs it there as a page of no origin, without storage or cookies
#pragma once

#include <optional>
#include <string>

#include "net/server/http_server.hpp"

namespace ottobot::api {

// Below "localhost" every name is this machine (RFC 6761 §6.3), and browsers know that without asking.
inline constexpr const char* kLocalDomain = "localhost";
// In the query and as cookie of an app's own host name; with the longer name over https, where no neighbour can set it
// (RFC 6265bis §4.1.3.2).
inline constexpr const char* kPreviewTicket = "ottobot_ticket";
inline constexpr const char* kSecurePreviewTicket = "__Host-ottobot_ticket";

struct PreviewTarget {
  std::string session_id;
  int port = 0;                  // of the sandbox's loopback; 0 = what stands there is none
  std::string path;              // the app's, encoded; empty = the address lacks its last slash
  std::string query;             // the app's, encoded
  std::string ticket;            // which it was asked for with; empty = none
  bool ticket_in_query = false;  // where it would stay in the browser's history
  bool own_host = false;
  std::string prefix;  // of the app's paths in the client's URLs, without last slash; empty for its own host
};

struct PreviewAddresses {
  std::string domain;        // names below it and below localhost are apps' own hosts; empty = there are none
  bool has_tickets = false;  // without access control what looks like a ticket is the app's
};

// nullopt = the request is for no app.
std::optional<PreviewTarget> parse_preview_target(const net::RequestHead& head, const PreviewAddresses& addresses);

// The prefix as the app knows it: without a ticket, and without what a proxy in front has taken off.
std::string told_prefix(const PreviewTarget& target);
bool is_ticket_cookie(std::string_view name);

// The app's own host below `domain`, "5173-4a6b….localhost".
std::string preview_host(const std::string& session_id, int port, const std::string& domain);

// path?query
std::string path_and_query(const std::string& path, const std::string& query);
// `query` with name=value in front.
std::string with_param(const std::string& name, const std::string& value, const std::string& query);

}  // namespace ottobot::api
