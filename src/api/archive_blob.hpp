// The workspace of an ended session, as it was kept.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

// Streams row.kept_files() with these headers. Errors, before anything was answered: not_found, those of the store.
Result<void> send_archive_blob(Context& context, Request& request, const SessionRow& row, net::Headers headers);

}  // namespace ottobot::api
