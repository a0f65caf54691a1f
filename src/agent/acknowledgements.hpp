// What the other side may forget: results of calls, once they cannot be lost any more.
//
// A result is in the log with the commit that follows it, but a store may wait for the disk only with the next event
// that promises something: the intent of a call that is not read-only, or the end of the turn (docs/adr/0005). Until
// then the result of a call that changed something is kept there, too: the call must not run again. One that only read
// may.
#pragma once

#include <vector>

#include "ottobot/session_state.hpp"
#include "ottobot/toolbox.hpp"

namespace ottobot::agent {

// After a commit of intents that only read: acknowledges the newest results of calls that only read.
void acknowledge_reads(const SessionState& state, const std::vector<ToolSpec>& specs, ToolBox& tools);
// After a commit that is on the disk with all before it: acknowledges every result since the last commit of
// intents that was one.
void acknowledge_all(const SessionState& state, const std::vector<ToolSpec>& specs, ToolBox& tools);

}  // namespace ottobot::agent
