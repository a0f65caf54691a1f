// A folder's entries as list_files and GET /files?path= show them.
#pragma once

#include <string_view>

#include "ottobot/json.hpp"
#include "sandboxd/workspace.hpp"

namespace ottobot::sandboxd {

// {path, entries:[{name, type, size_bytes, modified_at, target?}], truncated?, total?}: at most 5000 entries. Errors:
// those of Workspace, conflict (a file).
Result<Json> list_folder(const Workspace& workspace, std::string_view path);

}  // namespace ottobot::sandboxd
