// What our program does once and then ends, as root in a container, for what cannot be done from outside of an engine.
#pragma once

#include <string>
#include <vector>

#include "ottobot/error.hpp"

namespace ottobot::containers {

// Each that is not empty is done, in this order.
struct Errands {
  std::vector<std::string> gift;     // path, uid and gid: gives a folder to a user; needs CAP_CHOWN
  std::string install_to;            // folder that gets a copy of the running program, for all to execute
  std::vector<std::string> blocked;  // IPv4 networks that this network namespace is kept from; needs CAP_NET_ADMIN
  bool replies_pass = false;         // NetworkFilter::replies_pass
  bool shows_addresses = false;      // prints the IPv4 addresses of this network namespace, one a line

  bool empty() const { return gift.empty() && install_to.empty() && blocked.empty() && !shows_addresses; }
};

// Errors: invalid_argument (what is no network), unsupported (no nf_tables), else from errno.
Result<void> run_errands(const Errands& errands);

}  // namespace ottobot::containers
