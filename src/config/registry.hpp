// Registry: implementations by name, for `--backend`, `--store`, `--queue` and the provider of a model.
//
// main() makes one, adds what its build has and owns it; nothing registers itself. One thread at a time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/settings.hpp"
#include "ottobot/clock.hpp"
#include "ottobot/container_backend.hpp"
#include "ottobot/llm_provider.hpp"
#include "ottobot/log.hpp"
#include "ottobot/queue.hpp"
#include "ottobot/session_store.hpp"

namespace ottobot::config {

// What a factory may use; the references outlive what it makes.
struct BuildContext {
  const Settings& settings;
  Clock& clock;
  Logger& logger;
  std::filesystem::path state_dir;  // exists; for what the part keeps on disk
  std::string instance;             // the store's id; empty while the store itself is being made
};

template <class Interface>
class Factories {
 public:
  using Make = std::function<Result<std::unique_ptr<Interface>>(const BuildContext&)>;

  explicit Factories(std::string kind) : kind_(std::move(kind)) {}
  // A name again replaces the one before.
  void add(const std::string& name, Make make) { makers_[name] = std::move(make); }

  // Errors: unsupported (no such name; the hint lists those that are there), those of the factory.
  Result<std::unique_ptr<Interface>> make(const std::string& name, const BuildContext& context) const {
    const auto found = makers_.find(name);
    if (found != makers_.end()) return found->second(context);
    return unsupported("the " + kind_ + " \"" + name + "\" is not available in this build",
                       "available: " + joined_names());
  }

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, make] : makers_) all.push_back(name);
    return all;
  }

 private:
  std::string joined_names() const {
    std::string all;
    for (const auto& [name, make] : makers_) all += (all.empty() ? "" : ", ") + name;
    return all;
  }

  std::string kind_;
  std::map<std::string, Make> makers_;
};

struct Registry {
  Factories<ContainerBackend> backends{"backend"};
  Factories<SessionStore> stores{"store"};
  Factories<Queue> queues{"queue"};
  // A provider that lacks its key is unauthenticated, with the setting as hint.
  Factories<LlmProvider> providers{"provider"};
};

}  // namespace ottobot::config
