// The commands of `ottobot`. Each adds itself to the command line; the function that it returns runs it, once the line
// was parsed and names it.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace ottobot::cli {

using Run = std::function<int()>;

Run add_serve(CLI::App& app);
Run add_run(CLI::App& app);
Run add_doctor(CLI::App& app);

}  // namespace ottobot::cli
