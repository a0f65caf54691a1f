#include "sandboxd/toolset.hpp"

#include <algorithm>
#include <filesystem>

#include "ottobot/ids.hpp"
#include "sandboxd/editor.hpp"
#include "sandboxd/gui.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kMaxCallId = 256;

constexpr const char* kInstructions =
    "Tools of one sandbox. Paths are relative to the workspace; commands start there. Prefer edit_file and apply_patch "
    "to "
    "rewriting files, execute_command_async for servers. The desktop is the screen that the user watches: look with "
    "gui_screenshot before and after clicks.";

std::string message_for_model(const Error& error) {
  return error.hint.empty() ? error.message : error.message + " (" + error.hint + ")";
}

Failure bad_meta(const std::string& key, const std::string& problem) {
  return invalid_argument("_meta[\"" + key + "\"] " + problem);
}

// The tool's own failure is a result; no exception of a library leaves it.
mcp::CallToolResult run_tool(const ToolFunction& run, const ToolScope& scope) {
  try {
    auto result = run(scope);
    return result ? std::move(*result) : mcp::error_result(message_for_model(result.error()));
  } catch (const std::exception& exception) {
    return mcp::error_result(std::string("the tool failed: ") + exception.what());
  }
}

std::string unknown_group(const std::string& group) {
  std::string text = "unknown group '" + group + "'; there are ";
  const auto& names = Toolset::group_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  }
  return text;
}

// An empty folder.
Result<std::string> fresh_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  std::filesystem::create_directories(path, error);
  if (error) return errno_error(path, error.value());
  return path;
}

}  // namespace

std::optional<std::int64_t> epoch_from_json(const Json& json) {
  if (!json.is_number_integer()) return std::nullopt;
  const auto epoch = json.get<std::int64_t>();  // unsigned numbers beyond its range come out negative
  return epoch < 0 ? std::nullopt : std::optional(epoch);
}

Result<void> EpochGate::claim(std::int64_t epoch) {
  std::lock_guard lock(mutex_);
  if (epoch < epoch_) return fenced("epoch " + std::to_string(epoch_) + " has been claimed");
  epoch_ = epoch;
  return {};
}

Result<void> EpochGate::admit(std::int64_t epoch) const {
  std::lock_guard lock(mutex_);
  if (epoch < epoch_) return fenced("epoch " + std::to_string(epoch_) + " has been claimed");
  return {};
}

std::int64_t EpochGate::current() const {
  std::lock_guard lock(mutex_);
  return epoch_;
}

const std::vector<std::string>& Toolset::group_names() {
  static const std::vector<std::string> names{"files", "commands", "processes", "gui", "windows", "editor"};
  return names;
}

Result<std::unique_ptr<Toolset>> Toolset::make(const ToolsetOptions& options) {
  for (const std::string& group : options.groups) {
    if (std::find(group_names().begin(), group_names().end(), group) == group_names().end()) {
      return invalid_field("tools", unknown_group(group));
    }
  }
  auto workspace = Workspace::open(options.workspace);
  if (!workspace) return fail(workspace.error());
  auto outputs = fresh_folder(options.run_folder + "/output");
  if (!outputs) return fail(outputs.error());
  auto journal = fresh_folder(options.run_folder + "/journal");
  if (!journal) return fail(journal.error());
  std::unique_ptr<Toolset> toolset(new Toolset(options, std::move(*workspace), *outputs, *journal));
  if (auto added = toolset->add_tools(options.groups, *outputs); !added) return fail(added.error());
  return toolset;
}

Toolset::Toolset(const ToolsetOptions& options, Workspace workspace, const std::string& output_folder,
                 const std::string& journal_folder)
    : boot_id_(new_id()),
      workspace_(std::move(workspace)),
      server_(mcp::ServerOptions{.info = {"ottobot-sandboxd", options.version},
                                 .instructions = kInstructions,
                                 .call_guard = [this](const Json& meta) { return admit_call(meta); }}),
      console_(std::make_unique<Console>(options.run_folder + "/console.log", workspace_.root())),
      processes_(std::make_unique<ProcessTable>(ProcessTableOptions{
          .output_folder = output_folder, .environment = options.environment, .console = console_.get()})),
      environment_(options.environment),
      gui_(std::make_unique<Gui>(options.desktop)),
      editor_(std::make_unique<Editor>(*processes_, *gui_, environment_)),
      journal_(std::make_unique<Journal>(
          JournalOptions{.folder = journal_folder, .max_entries = options.max_journal_entries})) {}

// The journal's calls use the process table: it goes first.
Toolset::~Toolset() { journal_.reset(); }

Result<void> Toolset::add_tools(const std::vector<std::string>& groups, const std::string& output_folder) {
  ToolWorld world{workspace_, marks_, *console_, *processes_, output_folder, *gui_, *editor_};
  for (auto* make : {make_read_tools, make_file_tools, make_edit_tools, make_search_tools, make_command_tools,
                     make_process_tools, make_gui_tools, make_window_tools, make_editor_tools}) {
    for (SandboxTool& made : make(world)) {
      if (!groups.empty() && std::find(groups.begin(), groups.end(), made.group) == groups.end()) continue;
      auto tool = std::make_shared<const SandboxTool>(std::move(made));
      auto added = server_.add_tool(tool->spec, [this, tool](mcp::ToolCall& request, const CallContext& ctx) {
        return call(*tool, request, ctx);
      });
      if (!added) return added;
    }
  }
  return {};
}

Result<void> Toolset::admit_call(const Json& meta) {
  if (const Json* id = find_member(meta, mcp::meta::kCallId)) {
    const std::size_t size = id->is_string() ? id->get_ref<const std::string&>().size() : 0;
    if (size == 0 || size > kMaxCallId) return bad_meta(mcp::meta::kCallId, "must be a string of 1 to 256 bytes");
  }
  const Json* given = find_member(meta, mcp::meta::kEpoch);
  if (given == nullptr) return {};
  const auto epoch = epoch_from_json(*given);
  if (!epoch) return bad_meta(mcp::meta::kEpoch, "must be a non-negative integer");
  return epochs_.claim(*epoch);
}

Result<mcp::CallToolResult> Toolset::call(const SandboxTool& tool, mcp::ToolCall& call, const CallContext& ctx) {
  Progress progress = [&call](double done, const std::string& message) { call.progress(done, 0, message); };
  std::string id = get_string(call.meta(), mcp::meta::kCallId);
  Journal::Outcome outcome;
  if (id.empty()) {
    outcome.result = run_tool(tool.run, {call.args(), progress, ctx});
  } else {
    CallBody body = [run = tool.run, args = call.args()](const Progress& report, const CallContext& own) {
      return run_tool(run, {args, report, own});
    };
    std::string fingerprint = sha256_hex(call.name() + '\n' + dump_json(call.args()));
    // The owner's calls carry its epoch, and only an owner acknowledges.
    const bool by_owner = find_member(call.meta(), mcp::meta::kEpoch) != nullptr;
    const bool read_only = tool.spec.annotations.read_only;
    auto done = journal_->call({id, fingerprint, by_owner, read_only}, std::move(body), progress, ctx);
    outcome = done ? std::move(*done) : Journal::Outcome{mcp::error_result(message_for_model(done.error())), false};
  }
  outcome.result.meta = {{mcp::meta::kBootId, boot_id_}};
  if (outcome.replayed) outcome.result.meta[mcp::meta::kReplayed] = true;
  return std::move(outcome.result);
}

}  // namespace ottobot::sandboxd
