// Hands a request on to a session's sandbox and its answer back, streamed. The sandbox belongs to the agent: of its
// answer only the status, named header fields and the body are believed.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "api/context.hpp"

namespace ottobot::api {

struct ProxyAnswer {
  std::vector<std::string> pass_headers;  // fields of the sandbox's answer that the client gets
  net::Headers added;                     // and those that we add (or put in place of its own)
  bool as_it_is = false;                  // refusals are part of the protocol: they are streamed too
};

struct ProxyLimits {
  std::chrono::milliseconds whole{std::chrono::hours(1)};
  std::chrono::milliseconds idle{60000};  // between bytes of the answer; 0 = none
};

// Where the session's sandbox is. Errors: not_found (none runs), unavailable.
Result<Endpoint> find_sandbox(Context& context, const SessionRow& row);

// An answer below 400 is streamed; others become errors of ours with the sandbox's message, unless `as_it_is`. Errors:
// unavailable (not reached, broken), all before anything was answered; a body cut short breaks the client's connection.
Result<void> proxy_to_sandbox(Context& context, Request& request, net::HttpRequest upstream, const ProxyAnswer& answer,
                              const ProxyLimits& limits = {});

}  // namespace ottobot::api
