// Who looks at a session's desktop and who controls it: /session/:id/desktop.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

// `context` must outlive the router.
void add_desktop_routes(Router& router, Context& context);

// What POST /session/:id/desktop/control does with a caller's body. Errors: not_found, permission_denied (the caller
// may only look), conflict (the session is deleted), invalid_argument naming the field.
Result<void> change_control(Context& context, const Caller& caller, const std::string& session_id,
                            const std::string& body);

}  // namespace ottobot::api
