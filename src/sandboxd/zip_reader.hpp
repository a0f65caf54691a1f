// Puts a zip archive that write_zip() made back into a workspace.
#pragma once

#include <functional>
#include <span>

#include "ottobot/call_context.hpp"
#include "sandboxd/workspace.hpp"

namespace ottobot::sandboxd {

// Fills the buffer and says how far; 0 at the end.
using ByteSource = std::function<Result<std::size_t>(std::span<char> buffer)>;

// Files, links and folders with their modes and times; what is there under their names is replaced, the rest stays.
// Nothing is written outside of the workspace, whatever the archive says. May be repeated. Memory use does not depend
// on sizes. The number of entries. Errors: invalid_argument (no such archive, broken or cut off, a name that leads
// outside), conflict (a folder where a file should be, or the reverse), those of `source` and of the file system,
// cancelled, deadline_exceeded.
Result<std::size_t> read_zip(const Workspace& workspace, const ByteSource& source, const CallContext& ctx);

}  // namespace ottobot::sandboxd
