// The implementations that this program has. Adding one is one line in builtins.cpp.
#pragma once

#include "config/registry.hpp"

namespace ottobot::cli {

config::Registry builtin_registry();

// The ottobot-sandboxd to put into sandboxes: --sandboxd, else beside this program, else in ../libexec/ottobot. Errors:
// not_found, with where it was looked for.
Result<std::filesystem::path> find_sandboxd(const config::Settings& settings);

}  // namespace ottobot::cli
