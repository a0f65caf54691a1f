// Requests about a session's sandbox and desktop are answered by the worker that looks after the session: there the
// desktop has its one controller, and there its sandbox can be reached. Every other process hands them on, whole.
//
// The one that hands on has admitted the caller, and says who that is; it proves itself by the secret that all
// processes of the service share. RFC 9110 §11.7.2 is about just that: credentials of a proxy, which end with the hop.
#pragma once

#include <optional>
#include <string>

#include "api/context.hpp"

namespace ottobot::api {

// The caller that another process has admitted; nullopt when none says so, or `secret` is empty.
std::optional<Caller> relayed_caller(const net::RequestHead& head, const std::string& secret);

// True = the session's worker has answered. False = it is for this process to answer: it is that worker, or there is
// none. Errors, all before anything was answered: those of find_session(), unavailable (the worker does not answer, or has another secret).
struct RelayKind {
  bool to_app = false;               // the request is for an app in the sandbox
  bool keeps_authorization = false;  // the field is the app's, not ours
};
Result<bool> relay_to_worker(Context& context, Request& request, RelayKind kind = {});

// `handler`, run by the session's worker.
RouteHandler at_worker(Context& context, RouteHandler handler);

}  // namespace ottobot::api
