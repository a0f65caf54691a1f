// `ottobot run`: one session in this process, and its project at the end.

#include <unistd.h>

#include <iostream>
#include <memory>
#include <optional>

#include "builtins.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "config/model_name.hpp"
#include "event_follower.hpp"
#include "frame_view.hpp"
#include "interrupts.hpp"
#include "leftovers.hpp"
#include "ottobot/session/chat_frames.hpp"
#include "parts.hpp"
#include "project_output.hpp"
#include "run_dir.hpp"

namespace ottobot::cli {
namespace {

constexpr std::chrono::seconds kProbe{10};
constexpr std::chrono::seconds kStore{30};
constexpr std::chrono::seconds kCleanUp{20};
constexpr std::chrono::seconds kStopTurn{5};
constexpr std::chrono::seconds kDrain{2};
constexpr std::chrono::minutes kDownload{30};
constexpr std::chrono::seconds kSilence{60};

constexpr const char* kHelp = R"(Examples:
  ottobot run "Write a Python script that prints the moon's phase"
  ottobot run "A tiny web shop" --out shop            into the folder shop
  ottobot run "A tiny web shop" --out shop.zip
  ottobot run "Fix the tests" --model gemini:gemini-2.5-pro

Events are shown as they happen. The project ends up in ./ottobot-<session>.zip
unless --out says otherwise. Ctrl-C stops the turn and removes the sandbox.
Exit status: 0 the turn completed, 1 it did not, 2 wrong usage, 130 Ctrl-C.
Without a model key, a built-in demonstration answers.)";

struct RunArguments {
  SettingFlags flags;
  std::string prompt, out, image;
};

// What the session's log has said about its end.
struct Ending {
  bool over = false;
  std::string outcome;  // of the turn; "error" when the session failed outside of one
};

void look_for_end(const Event& event, Ending& ending) {
  if (event.type == EventType::turn_finished) {
    ending = {true, get_string(event.data, "outcome")};
  } else if (event.type == EventType::status_changed) {
    const auto status = get_string(event.data, "status");
    if (status == "error" || status == "terminated") ending = {true, "error"};
  }
}

class OneRun {
 public:
  OneRun(Server& server, const RunArguments& arguments, const ProjectOutput& output, FrameView& view)
      : server_(server), arguments_(arguments), output_(output), view_(view) {}

  // The exit status.
  int run(const CallContext& ctx) {
    NewSession request;
    request.initial_prompt = arguments_.prompt;
    request.image = arguments_.image;
    auto row = server_.sessions().create(request, ctx.within(kStore));
    if (!row) return report(row.error());
    id_ = row->id;
    say_hello(*row);
    EventFollower::Callbacks callbacks;
    callbacks.on_event = [this](const Event& event) {
      for (const Json& frame : chat_frames(event)) show(frame);
      look_for_end(event, ending_);
    };
    callbacks.on_delta = [this](const Json& message) {
      if (const Json frame = delta_frame(message, 0); !frame.is_null()) view_.frame(frame);
    };
    auto follower = EventFollower::start(server_.store(), id_, std::move(callbacks), ctx.within(kStore));
    if (!follower) return report(follower.error());
    if (auto followed = follow(**follower, ctx); !followed) {
      if (followed.error().code != ErrorCode::cancelled) return report(followed.error());
      return interrupted(**follower);
    }
    return finish(ctx);
  }

 private:
  void say_hello(const SessionRow& row) {
    if (row.model == config::kDemoModel) {
      view_.note("No model key is set: the model is the built-in demonstration (set GEMINI_API_KEY for a real one)");
    }
    view_.note("session " + row.id + " with " + row.model);
  }

  // The prompt is what was typed a moment ago.
  void show(const Json& frame) {
    if (get_string(frame, "type") != "user_prompt" && get_string(frame, "type") != "download_ready") view_.frame(frame);
  }

  Result<void> follow(EventFollower& follower, const CallContext& ctx) {
    while (!ending_.over) {
      if (auto pumped = follower.pump(ctx); !pumped) return pumped;
    }
    return {};
  }

  int interrupted(EventFollower& follower) {
    view_.note("stopping (again to quit at once)");
    const auto ctx = with_timeout(kStopTurn);
    (void)server_.sessions().stop(id_, {}, ctx);
    (void)follow(follower, ctx);
    return kExitInterrupted;
  }

  // A failed turn's files are worth having too.
  int finish(const CallContext& ctx) {
    const bool completed = ending_.outcome == to_string(TurnOutcome::completed);
    if (ending_.outcome == "error") return kExitError;
    auto saved = save(ctx.within(kDownload));
    if (!saved && saved.error().code == ErrorCode::cancelled) return kExitInterrupted;
    if (!saved) return report(saved.error());
    view_.note("turn " + ending_.outcome);
    view_.note("project " + saved->string());
    return completed ? kExitOk : kExitError;
  }

  Result<std::filesystem::path> save(const CallContext& ctx) const {
    auto client = net::make_http_client();
    if (!client) return fail(client.error());
    const Stream stream = [&](const net::HttpRequest& request, net::ResponseSink& sink, const CallContext& call) {
      return (*client)->stream(request, sink, call);
    };
    net::HttpRequest request;
    request.url = server_.url() + "/download/" + id_;
    request.idle_timeout = kSilence;
    Progress silent(nullptr);
    return output_.save({stream, request, id_, silent}, ctx);
  }

  Server& server_;
  const RunArguments& arguments_;
  const ProjectOutput& output_;
  FrameView& view_;
  std::string id_;
  Ending ending_;
};

// Only what this process itself needs of the server's settings.
ServerOptions options_for(const config::Settings& settings) {
  auto options = server_options(settings);
  options.access = {};               // only this process knows the port
  options.warm_pool_size = 0;        // there is one session
  options.snapshot_limit_bytes = 0;  // which ends with its first turn
  options.host = "127.0.0.1";
  options.port = 0;
  options.public_url.clear();
  options.tls_cert.clear();
  options.tls_key.clear();
  return options;
}

Result<config::Settings> settings_for(const SettingFlags& flags) {
  auto settings = load_settings(flags);
  if (!settings) return settings;
  settings->store = "sqlite";
  settings->queue = "memory";
  settings->log_format = LogFormat::text;
  if (flags.values.count("LOG_LEVEL") == 0) settings->log_level = LogLevel::error;
  return settings;
}

int run_in(const RunDir& dir, const config::Registry& registry, const config::Settings& settings, Logger& logger,
           const RunArguments& arguments, const ProjectOutput& output, const CallContext& ctx) {
  auto parts = make_parts({registry, settings, logger, dir.path()});
  if (!parts) return report(parts.error());
  if (auto usable = parts->backend->probe(ctx.within(kProbe)); !usable) return report(usable.error());
  const auto instance = parts->store->store_id();
  if (auto set = dir.set_instance(instance); !set) return report(set.error());
  auto server = Server::start(std::move(*parts), options_for(settings));
  if (!server) return report(server.error());
  FrameView view(std::cout, ::isatty(STDOUT_FILENO) == 1);
  const int status = OneRun(**server, arguments, output, view).run(ctx);
  (*server)->stop(kDrain);
  remove_sandboxes((*server)->backend(), instance, with_timeout(kCleanUp));
  return status;
}

int run(const RunArguments& arguments) {
  const Interrupts interrupts;
  auto settings = settings_for(arguments.flags);
  if (!settings) return report(settings.error());
  const auto logger =
      make_logger({settings->log_level, settings->log_format, config::secret_values(setting_sources(arguments.flags))});
  auto output = ProjectOutput::plan(arguments.out);
  if (!output) return report(output.error());
  const auto registry = builtin_registry();
  remove_leftovers(registry, *settings, *logger, with_timeout(kCleanUp));
  auto dir = RunDir::make(settings->data_dir);
  if (!dir) return report(dir.error());
  return run_in(*dir, registry, *settings, *logger, arguments, *output, CallContext{}.with_stop(interrupts.token()));
}

}  // namespace

Run add_run(CLI::App& app) {
  auto* command = app.add_subcommand("run", "one session without a server: events here, the project at the end");
  command->footer(kHelp);
  auto arguments = std::make_shared<RunArguments>();
  command->add_option("prompt", arguments->prompt, "what to do")->required()->type_name("PROMPT");
  command->add_option("--out", arguments->out, "folder or FILE.zip for the project")->type_name("DIR|FILE.zip");
  command->add_option("--image", arguments->image, "image of the sandbox, where the backend has images")
      ->type_name("IMAGE");
  add_setting_flags(*command, arguments->flags,
                    {"LLM_MODEL", "OTTOBOT_DATA_DIR", "OTTOBOT_BACKEND", "OTTOBOT_SANDBOXD", "LOG_LEVEL"});
  return [arguments] { return run(*arguments); };
}

}  // namespace ottobot::cli
