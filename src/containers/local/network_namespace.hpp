// A network namespace without a process: made before the sandbox, so that the way out of it comes up beside it.
#pragma once

#include "containers/common/blocked_networks.hpp"
#include "net/unique_fd.hpp"
#include "ottobot/error.hpp"

namespace ottobot::containers {

// A new network namespace whose loopback interface is up and from which `blocked` cannot be reached. It lives as long
// as the descriptor or a process in it. Needs CAP_SYS_ADMIN. Errors: resource_exhausted (no thread), else from errno.
Result<net::UniqueFd> make_network_namespace(const std::vector<Ipv4Network>& blocked);

}  // namespace ottobot::containers
