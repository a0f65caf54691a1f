// The system calls that a sandbox has to do without.
#pragma once

#include "net/unique_fd.hpp"
#include "ottobot/error.hpp"

namespace ottobot::containers {

// A compiled filter in an anonymous file, ready for bubblewrap's --seccomp. Mounts, namespaces, kernel modules, bpf,
// keys, perf, userfaultfd, io_uring, terminal injection and vsock fail with EPERM; clone3 with ENOSYS, because its
// flags are out of a filter's reach and C libraries then fall back to clone. ptrace stays: it reaches nothing beyond
// the sandbox, and LeakSanitizer and strace need it. Errors: internal.
Result<net::UniqueFd> make_seccomp_filter();

}  // namespace ottobot::containers
