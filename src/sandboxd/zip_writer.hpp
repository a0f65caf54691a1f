// A zip archive as a stream: entries go in, bytes come out, nothing is kept.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ottobot/call_context.hpp"
#include "sandboxd/workspace.hpp"

namespace ottobot::sandboxd {

inline constexpr const char* kSkippedNote = ".ottobot-skipped.txt";

using ByteSink = std::function<Result<void>(std::string_view bytes)>;

// How much time compression may take: `quick` takes about a third of that of `small`, for an archive some tenths
// larger.
enum class ZipEffort { quick, small };

// The whole workspace: names relative to its root in the form of zip::entry_name(), links stored as links, modes and
// times kept. What cannot be read is listed in an entry kSkippedNote instead. Memory use does not depend on sizes.
// Errors: those of `sink`, cancelled, deadline_exceeded, internal (the archive library).
Result<void> write_zip(const Workspace& workspace, ZipEffort effort, const ByteSink& sink, const CallContext& ctx);

}  // namespace ottobot::sandboxd
