// Links in answers to one request.
#pragma once

#include "api/context.hpp"
#include "api/links.hpp"

namespace ottobot::api {

// PUBLIC_URL's, else as a trusted proxy says that users reach it, else the server's own.
Links links_for(const Context& context, const net::RequestHead& head);

// What stands in the desktop's URL in place of the key, with no more rights than `caller` has; empty when nobody needs
// one. Good for a day at least, and the same all day, so that a repeated request gets the same answer.
std::string page_ticket(const Context& context, const Caller& caller, const SessionRow& row);
// The same for the address of an app in the sandbox, which can read it: good for the sandbox's apps alone.
std::string app_ticket(const Context& context, const Caller& caller, const SessionRow& row);

}  // namespace ottobot::api
