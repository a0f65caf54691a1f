// What a service may not leave behind when all its sessions are deleted and purged.
#pragma once

#include <string>
#include <vector>

#include "integration/chaos_service.hpp"
#include "integration/sandbox_traces.hpp"

namespace ottobot::integration {

// Of one session; made while its sandbox is there.
class SessionRemains {
 public:
  SessionRemains(ChaosService& service, const std::string& session_id);
  // Lines of what there is now: processes, folders, mounts, listening ports.
  std::vector<std::string> found() const;

 private:
  SandboxTraces sandbox_;
  std::vector<int> ports_;
};

// Keys in Redis that belong to no service without sessions (ADR 8), jobs among them.
std::vector<std::string> stray_keys(const testing::RedisServer& redis);

}  // namespace ottobot::integration
