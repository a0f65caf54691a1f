// GET / and /assets/…: the web page, which needs no key: what it shows it asks for itself, with the key of its user.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

void add_page_routes(Router& router, Context& context);

}  // namespace ottobot::api
