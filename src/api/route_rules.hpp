// What a route asks of its callers. Every route says so where it is added.
#pragma once

#include <functional>
#include <string>
#include <tl/expected.hpp>

#include "api/caller.hpp"
#include "net/server/http_server.hpp"
#include "ottobot/error.hpp"

namespace ottobot::api {

class Request;

// Why a request gets no answer of its route.
struct Refusal {
  int status = 401;
  Error error;
};

enum class Needs {
  nothing,     // the same for everybody, whoever asks
  any_ticket,  // a key, or a ticket for the session
  control,     // a key, or a ticket for the session that lets control it
  key,         // tickets do not do
};

struct RouteRules {
  Needs needs = Needs::any_ticket;
  bool changes = false;  // something: counted against the user's rate, and refused to foreign pages
  bool is_app = false;   // in a sandbox: takes its tickets, and judges by itself which pages may ask
  // How the refused are told; empty = as the error that it is.
  std::function<void(Request& request, const Refusal& refusal)> refuse;
  std::string other_methods;  // what to ask for instead, for who comes with another method; may be empty
};

namespace rules {
inline const RouteRules kOpen{Needs::nothing};
inline const RouteRules kRead{Needs::any_ticket};
inline const RouteRules kReadAll{Needs::key};  // what is not of one session
inline const RouteRules kChange{Needs::control, true};
inline const RouteRules kMake{Needs::key, true};
inline const RouteRules kTools{Needs::control};  // bounded by LongRequests
}  // namespace rules

// Who sends `head` to a route of the session `session_id` (empty = of none), if that is allowed.
using Admit = std::function<tl::expected<Caller, Refusal>(const net::RequestHead& head, const RouteRules& rules,
                                                          const std::string& session_id)>;

}  // namespace ottobot::api
