// GET /openapi.json, /docs, and /swagger, which leads there. Everything is built in: it works without network.
#pragma once

#include <string_view>

#include "api/context.hpp"

namespace ottobot::api {

// openapi.json and docs.html of this folder.
std::string_view openapi_document();
std::string_view docs_page();

void add_docs_routes(Router& router, Context& context);

}  // namespace ottobot::api
