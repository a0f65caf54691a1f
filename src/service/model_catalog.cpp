#include "service/model_catalog.hpp"

#include <algorithm>

#include "config/model_name.hpp"

namespace ottobot::service {
namespace {

constexpr std::chrono::milliseconds kDescribeTimeout{2000};

}  // namespace

Result<std::string> ModelCatalog::resolve(const std::string& name) const {
  auto parsed = config::parse_model_name(name);
  if (!parsed) return fail(parsed.error());
  auto handle = lookup(name);
  if (!handle) return fail(handle.error());
  // A provider that cannot be asked right now does not make the name wrong.
  auto info = handle->provider->describe(handle->model, with_timeout(kDescribeTimeout));
  if (!info && info.error().code == ErrorCode::not_found)
    return invalid_argument(info.error().message, info.error().hint);
  return parsed->full();
}

Result<worker::ModelHandle> ModelCatalog::lookup(const std::string& name) const {
  auto parsed = config::parse_model_name(name);
  if (!parsed) return fail(parsed.error());
  const auto found = std::find_if(providers_.begin(), providers_.end(),
                                  [&](const auto& each) { return each.first == parsed->provider; });
  if (found != providers_.end()) return worker::ModelHandle{found->second.get(), parsed->model};
  const std::string key = parsed->provider == "gemini" ? "; set GEMINI_API_KEY to use gemini" : "";
  return invalid_argument("no provider for the model \"" + name + "\" here", "providers: " + names() + key);
}

std::string ModelCatalog::names() const {
  std::string all;
  for (const auto& [name, provider] : providers_) all += (all.empty() ? "" : ", ") + name;
  return all;
}

}  // namespace ottobot::service
