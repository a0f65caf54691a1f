#include "containers/local/seccomp_filter.hpp"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#ifndef TIOCLINUX
#define TIOCLINUX 0x541C
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#ifdef __clang__
// libseccomp's argument macros are compound literals.
#pragma clang diagnostic ignored "-Wc99-extensions"
#endif

namespace ottobot::containers {
namespace {

constexpr int kDenied[] = {
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(umount),
    SCMP_SYS(pivot_root),
    SCMP_SYS(move_mount),
    SCMP_SYS(open_tree),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(setns),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(acct),
    SCMP_SYS(quotactl),
    SCMP_SYS(syslog),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(lookup_dcookie),
    SCMP_SYS(nfsservctl),
    SCMP_SYS(fanotify_init),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(migrate_pages),
    SCMP_SYS(move_pages),
    SCMP_SYS(uselib),
    SCMP_SYS(ustat),
    SCMP_SYS(vhangup),
    SCMP_SYS(vm86),
    SCMP_SYS(vm86old),
};

constexpr std::uint64_t kNamespaceFlags[] = {CLONE_NEWUSER, CLONE_NEWNS,     CLONE_NEWPID, CLONE_NEWNET,
                                             CLONE_NEWIPC,  CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWTIME};

using Filter = std::unique_ptr<void, void (*)(scmp_filter_ctx)>;

// Unix, IPv4, IPv6 and netlink sockets are all that programs need and a network namespace confines. Of the others,
// vsock reaches the hypervisor, AF_ALG the kernel's crypto, and many load a kernel module that hardly anybody uses.
bool add_socket_rules(scmp_filter_ctx filter) {
  const auto eperm = SCMP_ACT_ERRNO(EPERM);
  bool ok = true;
  for (std::uint64_t family = AF_INET + 1; family < AF_NETLINK; ++family) {
    if (family == AF_INET6) continue;
    // The kernel looks at 32 bits of the family only; so must the comparison.
    ok = seccomp_rule_add(filter, eperm, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffffu, family)) == 0 &&
         ok;
  }
  ok = seccomp_rule_add(filter, eperm, SCMP_SYS(socket), 1,
                        SCMP_A0(SCMP_CMP_GT, static_cast<std::uint64_t>(AF_NETLINK))) == 0 &&
       ok;
#ifdef __x86_64__
  // Its arguments lie in memory, where no filter can look.
  constexpr std::uint64_t kSocketOfSocketcall = 1;
  ok = seccomp_rule_add(filter, eperm, SCMP_SYS(socketcall), 1, SCMP_A0(SCMP_CMP_EQ, kSocketOfSocketcall)) == 0 && ok;
#endif
  return ok;
}

bool add_rules(scmp_filter_ctx filter) {
  const auto eperm = SCMP_ACT_ERRNO(EPERM);
  bool ok = true;
  for (const int call : kDenied) ok = seccomp_rule_add(filter, eperm, call, 0) == 0 && ok;
  for (const auto flag : kNamespaceFlags) {
    ok = seccomp_rule_add(filter, eperm, SCMP_SYS(unshare), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag)) == 0 && ok;
    // In clone's first argument the bit of CLONE_NEWTIME belongs to the exit signal.
    if (flag == CLONE_NEWTIME) continue;
    ok = seccomp_rule_add(filter, eperm, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag)) == 0 && ok;
  }
  ok = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 && ok;
  for (const std::uint64_t request : {std::uint64_t{TIOCSTI}, std::uint64_t{TIOCLINUX}}) {
    // The kernel looks at 32 bits of the request only; so must the comparison.
    ok = seccomp_rule_add(filter, eperm, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, request)) == 0 &&
         ok;
  }
  return ok && add_socket_rules(filter);
}

}  // namespace

Result<net::UniqueFd> make_seccomp_filter() {
  Filter filter(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release);
  if (!filter) return internal_error("cannot make a seccomp filter");
#ifdef __x86_64__
  if (seccomp_arch_add(filter.get(), SCMP_ARCH_X86) != 0) return internal_error("cannot add x86 to the seccomp filter");
#endif
  if (!add_rules(filter.get())) return internal_error("cannot add a rule to the seccomp filter");
  net::UniqueFd file(::memfd_create("ottobot-seccomp", MFD_CLOEXEC));
  if (!file) return errno_error("cannot make an anonymous file", errno);
  if (seccomp_export_bpf(filter.get(), file.get()) != 0) return internal_error("cannot compile the seccomp filter");
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return errno_error("cannot rewind the seccomp filter", errno);
  return file;
}

}  // namespace ottobot::containers
