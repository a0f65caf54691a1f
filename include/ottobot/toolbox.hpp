// ToolBox: the hands of an agent.
//
// The agent's tools node calls it, several calls at once, from pool threads. mcp::make_toolbox() is one over a sandbox;
// FunctionToolBox is one over C++ functions. Calls are identified by call_id: an implementation runs each id at most
// once.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ottobot/call_context.hpp"
#include "ottobot/ids.hpp"
#include "ottobot/llm_provider.hpp"

namespace ottobot {

struct ToolCallParams {
  std::string call_id;
  std::string name;
  Json args = Json::object();
};

// Progress text of a running call (MCP notifications/progress), on the calling thread.
using ToolProgress = std::function<void(const std::string& message)>;

struct ToolReply {
  ToolOutcome outcome = ToolOutcome::ok;
  Json content = Json::array();  // MCP content blocks
  Json structured;               // MCP structuredContent or null
};

class ToolBox {
 public:
  virtual ~ToolBox() = default;

  // In a stable order (prompt caching). Errors: unavailable.
  virtual Result<std::vector<ToolSpec>> list_tools(const CallContext& ctx) = 0;
  // Blocks until the tool is done. A tool's own failure is a reply with outcome error; unknown and invalid tools too.
  // When ctx is stopped, the call is cancelled where it runs (process group included) and what it gave so far is the
  // reply. Errors: unavailable (the sandbox cannot be reached: the outcome is unknown), fenced.
  virtual Result<ToolReply> call_tool(const ToolCallParams& params, const ToolProgress& progress,
                                      const CallContext& ctx) = 0;
  // These results are durable in the log: the other side may forget them.
  virtual void acknowledge(const std::vector<std::string>& call_ids) = 0;
  // Identity of what runs the calls: an intent recorded under another boot id has an unknown outcome. May be empty.
  virtual std::string boot_id() const = 0;
};

// Tools that are C++ functions of the embedding program. Add all tools before first use. In ottobot::agent.
class FunctionToolBox final : public ToolBox {
 public:
  using Function = std::function<Result<ToolReply>(const Json& args, const CallContext& ctx)>;
  // Chains. Arguments that break the input schema (JSON Schema 2020-12; null = any object) never reach the function:
  // they become a reply with outcome error that tells the model what to mend, and so does a function's Error, with its
  // message and hint. A schema that cannot be used makes list_tools() fail with invalid_argument, which names the tool.
  FunctionToolBox& add(ToolSpec spec, Function function);

  Result<std::vector<ToolSpec>> list_tools(const CallContext& ctx) override;
  Result<ToolReply> call_tool(const ToolCallParams& params, const ToolProgress& progress,
                              const CallContext& ctx) override;
  void acknowledge(const std::vector<std::string>& call_ids) override;
  std::string boot_id() const override;

 private:
  using ArgumentCheck = std::function<std::optional<std::string>(const Json& args)>;  // what is wrong with them
  struct Tool {
    ToolSpec spec;
    Function function;
    ArgumentCheck check;  // may be empty
  };
  std::vector<Tool> tools_;
  std::optional<Error> bad_schema_;  // the first one
  std::string boot_id_ = new_id();   // a function that a dead process had begun is not run again
};

// A reply of one text block.
ToolReply text_reply(std::string text, ToolOutcome outcome = ToolOutcome::ok);

}  // namespace ottobot
