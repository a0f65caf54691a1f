// Whether this host can run sandboxes at all.
#pragma once

#include "containers/local/site.hpp"

namespace ottobot::containers {

// Really starts one, without a daemon. Errors: unavailable, with the mending command as hint.
Result<void> probe_host(const Site& site, const CallContext& ctx);

}  // namespace ottobot::containers
