#include "containers/common/errands.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "containers/common/network_filter.hpp"

namespace ottobot::containers {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgramName = "ottobot-sandboxd";
constexpr fs::perms kProgramMode = fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                                   fs::perms::others_read | fs::perms::others_exec;

Result<void> give(const std::vector<std::string>& gift) {
  if (gift.size() != 3) return invalid_argument("a gift is a path, a uid and a gid");
  const auto number = [](const std::string& text) {
    return static_cast<uid_t>(std::strtoul(text.c_str(), nullptr, 10));
  };
  if (::lchown(gift[0].c_str(), number(gift[1]), number(gift[2])) == 0) return {};
  return errno_error("cannot chown " + gift[0], errno);
}

// Whole or not at all.
Result<void> install(const fs::path& folder) {
  const fs::path place = folder / kProgramName, unfinished = folder / (std::string(".") + kProgramName);
  std::error_code error;
  fs::copy_file("/proc/self/exe", unfinished, fs::copy_options::overwrite_existing, error);
  if (!error) fs::permissions(unfinished, kProgramMode, error);
  if (!error) fs::rename(unfinished, place, error);
  if (error) return errno_error("cannot install " + place.string(), error.value());
  return {};
}

Result<void> block(const Errands& errands) {
  NetworkFilter filter;
  filter.replies_pass = errands.replies_pass;
  for (const auto& text : errands.blocked) {
    auto network = parse_ipv4_network(text);
    if (!network) return fail(network.error());
    filter.blocked.push_back(*network);
  }
  return install_network_filter(filter);
}

}  // namespace

Result<void> run_errands(const Errands& errands) {
  if (!errands.gift.empty()) {
    if (auto given = give(errands.gift); !given) return given;
  }
  if (!errands.install_to.empty()) {
    if (auto installed = install(errands.install_to); !installed) return installed;
  }
  if (errands.shows_addresses) {
    for (const auto& address : own_addresses()) std::printf("%s\n", to_string(address).c_str());
  }
  return errands.blocked.empty() ? Result<void>() : block(errands);
}

}  // namespace ottobot::containers
