// `ottobot serve`: the service until a signal ends it.

#include <malloc.h>

#include <iostream>
#include <memory>
#include <optional>

#include "access_setup.hpp"
#include "builtins.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "interrupts.hpp"
#include "leftovers.hpp"
#include "page_files.hpp"
#include "parts.hpp"
#include "run_dir.hpp"

namespace ottobot::cli {
namespace {

constexpr std::chrono::seconds kDrain{10};
constexpr std::chrono::seconds kProbe{10};
constexpr std::chrono::seconds kCleanUp{20};

constexpr const char* kHelp = R"(Examples:
  ottobot serve                                 on http://127.0.0.1:3000, data under the user's data folder
  ottobot serve --port 8000 --data-dir ./data
  GEMINI_API_KEY=… ottobot serve --model gemini:gemini-2.5-pro
  ottobot serve --store memory --port 0         keeps nothing, any free port
  ottobot serve --tls-cert fullchain.pem --tls-key privkey.pem
  ottobot serve --role api --store redis        one of many, with workers beside it (OTTOBOT_CLUSTER_SECRET)
  ottobot serve --print-config                  every setting and where its value came from

Prints `ottobot listening on http(s)://HOST:PORT` when ready; logs go to stderr.
SIGTERM or Ctrl-C: running turns end between two steps and go on after the next
start, sandboxes stay. A second signal ends the process at once.
Every setting: docs/configuration.md)";

// On the terminal and never in a log: nobody else is told.
void show_new_key(const NewKey& key) {
  std::cerr << "\n  This server asks for an API key. One was made for you, and is shown this once:\n\n"
            << "      " << key.key << "\n\n"
            << "  Use it:    curl -H 'Authorization: Bearer " << key.key << "' URL/session\n"
            << "             OTTOBOT_API_KEY=" << key.key << " ottobot sessions --url URL\n"
            << "  It is in   " << key.file.string() << " (a line for each key, user:key)\n\n"
            << std::flush;
}

void warn_if_unusable(ContainerBackend& backend, Logger& logger, const CallContext& ctx) {
  auto usable = backend.probe(ctx.within(kProbe));
  if (!usable) logger.warn("sandboxes cannot run here", {{"error", usable.error().to_string()}});
}

// What the process keeps its state in: the data directory, or a folder that goes with it.
Result<std::optional<RunDir>> own_dir(const config::Settings& settings) {
  if (settings.store != "memory") return std::nullopt;
  auto dir = RunDir::make(settings.data_dir);
  if (!dir) return fail(dir.error());
  return std::optional<RunDir>(std::move(*dir));
}

// Large blocks go back to the system when they are freed. Left alone, the C library raises this threshold to the
// largest block that it has seen freed and keeps those that are smaller, for every thread of the pool.
void give_memory_back() { ::mallopt(M_MMAP_THRESHOLD, 256 << 10); }

int serve(const SettingFlags& flags) {
  give_memory_back();
  const Interrupts interrupts;
  auto settings = load_settings(flags);
  if (!settings) return report(settings.error());
  const auto logger =
      make_logger({settings->log_level, settings->log_format, config::secret_values(setting_sources(flags))});
  for (const auto& warning : settings->warnings) logger->warn(warning);
  const auto registry = builtin_registry();
  remove_leftovers(registry, *settings, *logger, with_timeout(kCleanUp));
  auto run_dir = own_dir(*settings);
  if (!run_dir) return report(run_dir.error());
  auto parts = make_parts({registry, *settings, *logger, *run_dir ? (*run_dir)->path() : settings->data_dir});
  if (!parts) return report(parts.error());
  const auto instance = parts->store->store_id();
  if (*run_dir) {
    if (auto set = (*run_dir)->set_instance(instance); !set) return report(set.error());
  }
  if (auto ready = add_ticket_secret(*settings, *logger); !ready) return report(ready.error());
  const auto new_key = add_missing_key(*settings, *logger);
  if (!new_key) return report(new_key.error());
  if (*new_key) show_new_key(**new_key);
  if (parts->backend) warn_if_unusable(*parts->backend, *logger, CallContext{}.with_stop(interrupts.token()));
  auto options = server_options(*settings);
  options.page = page_files();
  auto server = Server::start(std::move(*parts), std::move(options));
  if (!server) return report(server.error());
  std::cout << "ottobot listening on " << (*server)->url() << std::endl;
  interrupts.wait();
  logger->info("draining", {{"patience_s", kDrain.count()}});
  (*server)->stop(kDrain);
  // Nobody would find them again.
  if (*run_dir) remove_sandboxes((*server)->backend(), instance, with_timeout(kCleanUp));
  return kExitOk;
}

// For a KEY=VALUE file, where a bare value ends before " #".
std::string quote(const std::string& value) {
  if (value.find_first_of(" \t\r\n#'\"\\") == std::string::npos) return value;
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return quoted + "\"";
}

// In the form of a file for --config.
int print_config(const SettingFlags& flags) {
  auto views = config::view_settings(setting_sources(flags));
  if (!views) return report(views.error());
  for (const auto& view : *views) {
    const bool usable = !view.value.empty() && view.value != config::kMasked;
    const auto value = usable ? quote(view.value) : view.value;
    std::cout << (usable ? "" : "#") << view.name << "=" << value << "  # " << view.origin << "\n";
  }
  return kExitOk;
}

}  // namespace

Run add_serve(CLI::App& app) {
  auto* command = app.add_subcommand("serve", "run the service: REST, chat, desktops and workers in one process");
  command->footer(kHelp);
  auto flags = std::make_shared<SettingFlags>();
  add_setting_flags(
      *command, *flags,
      {"API_HOST", "API_PORT", "OTTOBOT_DATA_DIR", "LLM_MODEL", "OTTOBOT_BACKEND", "OTTOBOT_STORE", "OTTOBOT_QUEUE",
       "MODE", "OTTOBOT_TLS_CERT", "OTTOBOT_TLS_KEY", "OTTOBOT_SANDBOXD", "LOG_LEVEL", "LOG_FORMAT"});
  auto print = std::make_shared<bool>(false);
  command->add_flag("--print-config", *print, "show every setting, where it came from, and end");
  return [flags, print] { return *print ? print_config(*flags) : serve(*flags); };
}

}  // namespace ottobot::cli
