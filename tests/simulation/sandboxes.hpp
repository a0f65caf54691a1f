// The sandboxes of one simulated host: sandboxd's journal, its epochs and an MCP server with two tools, behind calls
// instead of connections.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/client/http_client.hpp"
#include "ottobot/mcp/server.hpp"
#include "sandboxd/journal.hpp"
#include "sandboxd/toolset.hpp"
#include "simulation/ledger.hpp"
#include "simulation/wire.hpp"

namespace ottobot::simulation {

using Lines = std::vector<std::string>;

// One life of a sandbox. Its files are its host's, as lines that the tool `append` wrote.
class SimulatedSandbox {
 public:
  SimulatedSandbox(Scheduler& scheduler, Ledger& ledger, Lines& files);

  // As sandboxd answers. May wait.
  Result<net::HttpResponse> answer(const net::HttpRequest& request, const CallContext& ctx);
  // From now on nothing runs in it and nobody reaches it.
  void die() { alive_ = false; }

 private:
  net::HttpResponse control(const std::string& verb, const Json& body);
  net::HttpResponse mcp(const Json& message, const CallContext& ctx);
  net::HttpResponse archive(const net::HttpRequest& request);
  Result<mcp::CallToolResult> call(mcp::ToolCall& call, const CallContext& ctx);
  mcp::CallToolResult run(const std::string& id, const std::string& line, Nanos duration, const CallContext& ctx);
  Result<void> admit(const Json& meta);

  Scheduler& scheduler_;
  Ledger& ledger_;
  Lines& files_;
  const std::string boot_id_;
  bool alive_ = true;
  std::int64_t highest_claim_ = 0;  // as far as this test saw it
  sandboxd::EpochGate epochs_;
  mcp::Server server_;
  sandboxd::Journal journal_;
};

class SandboxHost {
 public:
  SandboxHost(Scheduler& scheduler, Ledger& ledger) : scheduler_(scheduler), ledger_(ledger) {}

  Endpoint start(const std::string& name);
  void stop(const std::string& name);    // its files stay
  void remove(const std::string& name);  // and go
  // nullptr when nobody is there.
  SimulatedSandbox* at(const std::string& url);

 private:
  Scheduler& scheduler_;
  Ledger& ledger_;
  std::map<std::string, Lines> files_;                              // by name; what a sandbox of that name finds
  std::map<std::string, std::string> running_;                      // name → url
  std::map<std::string, std::unique_ptr<SimulatedSandbox>> lives_;  // by url; kept, as calls may be under way
};

// The connections of one worker to the sandboxes of its host.
class SandboxConnections final : public net::HttpClient {
 public:
  SandboxConnections(SandboxHost& host, Wire wire) : host_(host), wire_(std::move(wire)) {}
  Result<net::HttpResponse> fetch(const net::HttpRequest& request, const CallContext& ctx) override;
  Result<void> stream(const net::HttpRequest& request, net::ResponseSink& sink, const CallContext& ctx) override;

 private:
  SandboxHost& host_;
  Wire wire_;
};

}  // namespace ottobot::simulation
