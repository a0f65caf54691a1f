// noVNC's pages over HTTP.
#pragma once

#include "api/router.hpp"

namespace ottobot::api {

// Answers with the file at `path` ("vnc.html"). Errors: not_found.
Result<void> serve_vnc_page(Request& request, const std::string& path);

}  // namespace ottobot::api
