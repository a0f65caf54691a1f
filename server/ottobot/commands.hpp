// The commands of `ottobot`. Each adds itself to the command line; the function that it returns runs it, once the line
// was parsed and names it.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace ottobot::cli {

using Run = std::function<int()>;

// Without a server.
Run add_run(CLI::App& app);
Run add_serve(CLI::App& app);
Run add_models(CLI::App& app);
Run add_doctor(CLI::App& app);
Run add_queue(CLI::App& app);

// With one that runs.
Run add_chat(CLI::App& app);
Run add_sessions(CLI::App& app);
Run add_logs(CLI::App& app);
Run add_download(CLI::App& app);
Run add_rm(CLI::App& app);

}  // namespace ottobot::cli
