// The tools of one sandbox, under one lease: every call carries its call id and the lease's epoch, so that it runs at
// most once and only for the newest owner.
#pragma once

#include <memory>
#include <mutex>

#include "ottobot/mcp/client.hpp"
#include "ottobot/toolbox.hpp"
#include "worker/sandbox_client.hpp"

namespace ottobot::worker {

class SandboxToolBox final : public ToolBox {
 public:
  // Claims the sandbox for `epoch` and connects. `abandon`: when it fires, running calls are left to the next owner;
  // any other stop cancels them in the sandbox. `http` must outlive it.
  static Result<std::unique_ptr<SandboxToolBox>> connect(net::HttpClient& http, const Endpoint& endpoint,
                                                         std::uint64_t epoch, std::stop_token abandon,
                                                         const CallContext& ctx);

  Result<std::vector<ToolSpec>> list_tools(const CallContext& ctx) override;
  Result<ToolReply> call_tool(const ToolCallParams& params, const ToolProgress& progress,
                              const CallContext& ctx) override;
  void acknowledge(const std::vector<std::string>& call_ids) override;
  std::string boot_id() const override { return boot_id_; }
  SandboxClient& sandbox() { return sandbox_; }

 private:
  SandboxToolBox(net::HttpClient& http, const Endpoint& endpoint, std::uint64_t epoch, std::stop_token abandon)
      : sandbox_(http, endpoint), epoch_(epoch), abandon_(std::move(abandon)) {}
  Result<mcp::CallToolResult> send(const ToolCallParams& params, const ToolProgress& progress, const CallContext& ctx);
  Result<ToolReply> cancel_and_collect(const ToolCallParams& params);

  SandboxClient sandbox_;
  std::uint64_t epoch_;
  std::stop_token abandon_;
  std::string boot_id_;
  std::unique_ptr<mcp::Client> client_;
  std::mutex mutex_;  // guards tools_
  std::vector<ToolSpec> tools_;
};

}  // namespace ottobot::worker
