// Small file helpers that report errors as values.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "ottobot/call_context.hpp"

namespace ottobot::containers {

// The first max_bytes of a file; nullopt when it cannot be read.
std::optional<std::string> read_text(const std::string& path, std::size_t max_bytes = 1 << 20);
// The last max_bytes; empty when it cannot be read.
std::string read_tail(const std::string& path, std::size_t max_bytes);
// Overwrites an existing file in one write, as control files want it. Errors: from errno.
Result<void> write_control(const std::string& path, std::string_view text);
// What a written file outlives: the process, or a loss of power too.
enum class Durability { process, power };
// Writes a sibling, then renames it over `path`: readers see the old text or the new one. Errors: from errno.
Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode,
                          Durability durability = Durability::power);
// Makes one folder with exactly `mode`; an existing one keeps its own. Errors: from errno.
Result<void> ensure_folder(const std::string& path, mode_t mode);
// Deletes `path` and all below it without following links, whatever depth and modes its former owner chose. A missing
// `path` is fine. Errors: from errno.
Result<void> remove_tree(const std::string& path);
// Bytes of disk that `path` and all below it take, at any depth, without following links; 0 when it is missing. A file
// with several names counts once, a folder that cannot be read not at all. Errors: those of ctx.
Result<std::uint64_t> tree_size(const std::string& path, const CallContext& ctx);

}  // namespace ottobot::containers
