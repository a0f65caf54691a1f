// POST /session/:id/ticket.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

void add_ticket_route(Router& router, Context& context);

}  // namespace ottobot::api
