// What an agent's step costs us: the CPU time of this process per model call with one tool call, through the whole path
// of a worker (graph, MCP over the in-process transport, SQLite store as shipped), with a model that costs nothing.
//
//   bench_agent [--steps N] [--sync full|normal]
//
// Prints a table and, last, one JSON line.
#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "bench/support.hpp"
#include "ottobot/agent/coding_agent.hpp"
#include "ottobot/mcp/client.hpp"
#include "ottobot/mcp/server.hpp"
#include "ottobot/mcp/transports.hpp"
#include "ottobot/session/session_log.hpp"
#include "ottobot/stores/sqlite.hpp"

namespace ottobot::bench {
namespace {

constexpr int kRounds = 5;
constexpr int kEarlyFrom = 5, kEarlyTo = 15;
constexpr int kWindow = 10;  // steps at the end of a long session
constexpr int kWritingSteps = 200;
constexpr int kIdleAgents = 500;
constexpr std::size_t kFileBytes = 1024;
constexpr const char* kReadTool = "read_file";
constexpr const char* kWriteTool = "write_file";

// Calls one tool per step and says so when the wanted number is reached. Looks at the newest message only.
class ToolCaller final : public LlmProvider {
 public:
  ToolCaller(int steps, std::string tool) : steps_(steps), tool_(std::move(tool)) {}

  Result<Completion> complete(const CompletionParams& params, DeltaSink& sink, const CallContext&) override {
    cpu_at_.push_back(cpu_us());
    Completion answer;
    answer.usage = {1000, 20, 900, 0};
    answer.message.role = Role::model;
    const auto step = static_cast<int>(cpu_at_.size());
    if (params.messages.empty() || step > steps_) {
      sink.on_text("done");
      answer.message.parts.push_back(TextPart{"done", nullptr});
      return answer;
    }
    ToolCallPart call;
    call.call_id = new_id();
    call.name = tool_;
    call.args = {{"path", "src/main.ts"}};
    answer.message.parts.push_back(std::move(call));
    return answer;
  }

  Result<ModelInfo> describe(const std::string& model, const CallContext&) override { return ModelInfo{model}; }

  // CPU time at the beginning of each model call.
  const std::vector<double>& cpu_at() const { return cpu_at_; }

 private:
  int steps_;
  std::string tool_;
  std::vector<double> cpu_at_;
};

// As many tools as a sandbox offers, one of which is called.
void add_tools(mcp::Server& server) {
  const std::string file(kFileBytes, 'x');
  for (int n = 0; n < 30; ++n) {
    mcp::Tool tool;
    tool.name = n == 0 ? kReadTool : n == 1 ? kWriteTool : "tool_" + std::to_string(n);
    tool.annotations.read_only = n != 1;
    tool.description = "Reads a file of the workspace and gives its text, clipped when it is long.";
    tool.input_schema = {{"type", "object"},
                         {"properties", {{"path", {{"type", "string"}, {"description", "relative to the workspace"}}}}},
                         {"required", {"path"}}};
    must(server.add_tool(std::move(tool), [file](mcp::ToolCall&, const CallContext&) {
      return Result<mcp::CallToolResult>(mcp::text_result(file));
    }));
  }
}

class LogEmitter final : public Emitter {
 public:
  explicit LogEmitter(SessionLog& log) : log_(log) {}
  Result<void> commit(std::vector<NewEvent> events) override { return log_.commit(std::move(events), {}, {}); }
  Result<void> commit_with_next(std::vector<NewEvent> events) override {
    return log_.commit_with_next(std::move(events), {});
  }
  void delta(const Json&) override {}
  const SessionState& state() const override { return log_.state(); }

 private:
  SessionLog& log_;
};

// One session as an embedding program keeps it: lease, log and its fold, MCP client, tools, graph.
struct Agent {
  std::unique_ptr<SessionLog> log;
  std::unique_ptr<mcp::Client> client;
  std::unique_ptr<ToolBox> tools;
  ToolCaller model;
  CodingAgentOptions options;

  Agent(SessionStore& store, mcp::Server& server, int steps, const char* tool) : model(steps, tool) {
    options.max_steps = steps + 1;
    CreateSessionParams params;
    params.row.id = new_id();
    params.row.initial_prompt = "Read the file until you know it by heart";
    params.events = {events::user_prompt(params.row.initial_prompt)};
    must(store.create_session(params, {}));
    const Lease lease = must(store.acquire_lease({params.row.id, "bench", std::chrono::hours(1)}, {}));
    log = must(SessionLog::open(store, lease, {}));
    client = must(mcp::Client::connect(mcp::make_in_process_transport(server), {}, {}));
    tools = mcp::make_toolbox(*client);
  }

  void run() {
    LogEmitter emitter(*log);
    must(make_coding_agent(model, *tools, system_clock(), options).run(emitter, {}));
  }
};

// CPU time of each step in between, from model call to model call, counted from 1.
void add_steps(const std::vector<double>& cpu_at, int from, int to, std::vector<double>& steps) {
  const auto at = [&](int step) { return cpu_at[static_cast<std::size_t>(step - 1)]; };
  for (int step = from; step < to; ++step) steps.push_back(at(step + 1) - at(step));
}

struct Figures {
  std::vector<double> early, late, steps_per_cpu_s;
  double idle_kib = 0;
};

void measure_session(SessionStore& store, mcp::Server& server, int steps, const char* tool, Figures& figures) {
  Agent agent(store, server, steps, tool);
  const double before = cpu_us();
  agent.run();
  figures.steps_per_cpu_s.push_back(steps / (cpu_us() - before) * 1e6);
  const auto& cpu_at = agent.model.cpu_at();
  add_steps(cpu_at, kEarlyFrom, kEarlyTo, figures.early);
  add_steps(cpu_at, steps - kWindow, steps, figures.late);
}

// Resident memory of agents that have done a turn of a few steps and wait for the next prompt.
double measure_idle(SessionStore& store, mcp::Server& server) {
  std::vector<std::unique_ptr<Agent>> agents;
  agents.reserve(kIdleAgents);
  const auto settle = [&] {
    ::malloc_trim(0);
    return resident_kib(::getpid());
  };
  double before = 0;
  for (int n = -20; n < kIdleAgents; ++n) {  // the first ones warm caches that all share
    if (n == 0) before = settle();
    agents.push_back(std::make_unique<Agent>(store, server, 2, kReadTool));
    agents.back()->run();
  }
  return (settle() - before) / kIdleAgents;
}

int run(int steps, const std::string& sync) {
  const ScratchFolder folder("agent");
  SqliteStoreOptions options{.data_dir = folder.path()};
  if (!sync.empty()) options.sync = sync == "full" ? SqliteSync::full : SqliteSync::normal;
  const auto store = must(make_sqlite_store(options));
  mcp::Server server{mcp::ServerOptions{}};
  add_tools(server);
  Figures figures, writing;
  for (int round = 0; round < kRounds; ++round) {
    measure_session(*store, server, steps, kReadTool, figures);
    measure_session(*store, server, std::min(steps, kWritingSteps), kWriteTool, writing);
  }
  figures.idle_kib = measure_idle(*store, server);

  std::printf(
      "CPU time of this process per agent step (one model call, one MCP tool call, SQLite); median of %d sessions "
      "[lowest-highest]\n\n",
      kRounds);
  std::printf("%-38s %s\n", "us per step, steps 5-15", spread(figures.early).c_str());
  std::printf("us per step, steps %d-%-20d %s\n", steps - kWindow, steps, spread(figures.late).c_str());
  std::printf("%-38s %.2f\n", "ratio of the two", median(figures.late) / median(figures.early));
  std::printf("%-38s %s\n", "steps per CPU second", spread(figures.steps_per_cpu_s, 0).c_str());
  std::printf("%-38s %s\n", "us per step, a tool that writes", spread(writing.early).c_str());
  std::printf("%-38s %.1f\n\n", "KiB resident per idle agent", figures.idle_kib);
  print_json_line({{"steps_per_cpu_s", median(figures.steps_per_cpu_s)},
                   {"us_per_step_at_10", median(figures.early)},
                   {"us_per_step_at_2000", median(figures.late)},
                   {"idle_agent_kib", figures.idle_kib}});
  return 0;
}

}  // namespace
}  // namespace ottobot::bench

int main(int argc, char** argv) {
  CLI::App app("CPU time of an agent's step");
  int steps = 2000;
  std::string sync;
  app.add_option("--steps", steps, "steps of each session; the last ten are compared with steps 5-15")
      ->check(CLI::Range(30, 1000000));
  app.add_option("--sync", sync, "durability of the store instead of the default")
      ->check(CLI::IsMember({"full", "normal"}));
  CLI11_PARSE(app, argc, argv);
  return ottobot::bench::run(steps, sync);
}
