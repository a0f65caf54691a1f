// The workspace over REST: the whole of it as zip, single files, listings, uploads.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

// `context` must outlive the router.
void add_file_routes(Router& router, Context& context);

}  // namespace ottobot::api
