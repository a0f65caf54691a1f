// An app that listens in a session's sandbox, asked on behalf of a browser: HTTP and WebSockets.
//
// At a path, apps come in two kinds: most think that they are at the root of their server, and are asked for the path
// without the prefix; some were told their prefix (vite --base), and lead there from their root. Those get all of it.
// Thread-safe.
#pragma once

#include "api/context.hpp"
#include "api/preview_target.hpp"
#include "api/recent_names.hpp"

namespace ottobot::api {

class PreviewApps {
 public:
  explicit PreviewApps(Context& context) : context_(context) {}

  // Blocks until the answer is through; a WebSocket's bytes then go on without this thread. Errors, all before anything
  // was answered: unavailable (nothing listens, it does not answer), those of the disk.
  Result<void> ask(Request& request, const Endpoint& sandbox, const PreviewTarget& target);

 private:
  Context& context_;
  RecentNames with_prefix_{10'000};  // "session port" of apps that were told their prefix
};

}  // namespace ottobot::api
