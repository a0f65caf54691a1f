// Single files and listings of a session that has ended, out of the zip that was kept of its workspace: the same
// answers that its sandbox would have given.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

// The file `path` (relative, checked), or the part of it that Range asks for, with `added` fields. Errors: not_found,
// conflict (a folder), permission_denied (a link that leaves the workspace), those of the store.
Result<void> send_archived_file(Context& context, Request& request, const SessionRow& row, const std::string& path,
                                net::Headers added);

// {path, entries} of the folder `path` as a user wrote it; empty = the workspace itself. Errors: as above; conflict
// when it is a file.
Result<Json> list_archived_folder(Context& context, const SessionRow& row, const std::string& path,
                                  const CallContext& ctx);

}  // namespace ottobot::api
