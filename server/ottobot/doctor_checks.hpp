// What `ottobot doctor` looks at. Each check finds out one thing and names the command that mends it.
#pragma once

#include <string>
#include <vector>

#include "config/registry.hpp"

namespace ottobot::cli {

enum class Verdict { good, warning, bad };

struct Finding {
  std::string name;  // stable, for --json
  Verdict verdict = Verdict::good;
  std::string message;
  std::string fix;  // a command or a setting; empty when there is nothing to do
};

struct DoctorContext {
  const config::Registry& registry;
  const config::Settings& settings;
  Logger& logger;
};

// Those of local sandboxes are needed only where sandboxes are local.
std::vector<Finding> check_programs(bool sandboxes_are_local);
// The engine and its image. Without them `--backend auto` is local.
std::vector<Finding> check_docker(const DoctorContext& context);
Finding check_sandboxd(const DoctorContext& context);
Finding check_backend(const DoctorContext& context);
Finding check_port(const DoctorContext& context);
// None when the server is to speak plain http.
std::vector<Finding> check_tls(const DoctorContext& context);
std::vector<Finding> check_port_ranges(const DoctorContext& context);
Finding check_data_dir(const DoctorContext& context);
// None when nothing is kept there.
std::vector<Finding> check_redis(const DoctorContext& context);
// The workers that are announced in Redis: can this process hand requests on to each? None without Redis.
std::vector<Finding> check_cluster(const DoctorContext& context);
Finding check_model(const DoctorContext& context);
Finding check_novnc();
Finding check_access(const DoctorContext& context);

}  // namespace ottobot::cli
