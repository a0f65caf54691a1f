// GET /session/:id/events as text/event-stream (HTML Standard §9.2): the log after a seq, then live. `id:` is the seq.
// Holds no thread.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

// Starts after `Last-Event-ID`, else after `?after=`. Ends when the session is deleted.
Result<void> serve_event_stream(Context& context, Request& request);

}  // namespace ottobot::api
