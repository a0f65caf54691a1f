// ModelCatalog: which provider answers for a model, by the names that people give. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ottobot/llm_provider.hpp"
#include "worker/worker.hpp"

namespace ottobot::service {

using Providers = std::vector<std::pair<std::string, std::unique_ptr<LlmProvider>>>;

class ModelCatalog {
 public:
  ModelCatalog() = default;
  explicit ModelCatalog(Providers providers) : providers_(std::move(providers)) {}

  // "gemini-2.5-pro" → "gemini:gemini-2.5-pro". Errors: invalid_argument (no such provider here, or it has no such
  // model), with what there is as hint.
  Result<std::string> resolve(const std::string& name) const;
  // Errors: as resolve(). The handle is valid as long as the catalog.
  Result<worker::ModelHandle> lookup(const std::string& name) const;

 private:
  std::string names() const;

  Providers providers_;
};

}  // namespace ottobot::service
