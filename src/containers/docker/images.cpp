#include "containers/docker/images.hpp"

namespace ottobot::containers {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

// Engines do not agree on what to answer to the name of an image that can be none. The reference grammar: parts of
// lower-case letters, digits and separators; anything goes in tags and digests.
bool can_be_image(const std::string& image) {
  const std::string repository = image.substr(0, image.find('@'));
  const auto slash = repository.rfind('/');
  const auto tag = repository.find(':', slash == std::string::npos ? 0 : slash);
  const std::string name = repository.substr(0, tag);
  return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-/:") == std::string::npos;
}

Failure no_image(const std::vector<std::string>& candidates, const std::string& reason) {
  const std::string name = candidates.empty() ? "" : candidates.front();
  return not_found("the container engine has no image " + joined(candidates) + (reason.empty() ? "" : ": " + reason),
                   "docker pull " + name + "; OttoBot's own images are made by scripts/build-images");
}

Result<void> pull(const Engine& engine, const std::string& image, const LaunchProgress& progress,
                  const CallContext& ctx) {
  return engine.pull(
      image,
      [&](const PullProgress& pulled) {
        if (progress) progress(pulled.percent(), "pulling " + image + ": " + pulled.message());
      },
      ctx);
}

}  // namespace

std::vector<std::string> image_candidates(const DockerOptions& options, const std::string& image,
                                          const std::string& environment) {
  if (!image.empty()) return {image};
  auto found = options.images.find(environment);
  if (found == options.images.end()) found = options.images.find("");
  return found == options.images.end() ? std::vector<std::string>{} : found->second;
}

Result<std::string> find_image(const Engine& engine, const std::vector<std::string>& candidates,
                               const CallContext& ctx) {
  for (const auto& image : candidates) {
    if (!can_be_image(image)) continue;
    auto known = engine.has_image(image, ctx);
    if (!known) return fail(known.error());
    if (*known) return image;
  }
  return no_image(candidates, {});
}

Result<std::string> provide_image(const Engine& engine, const std::vector<std::string>& candidates,
                                  const LaunchProgress& progress, const CallContext& ctx) {
  auto found = find_image(engine, candidates, ctx);
  if (found || found.error().code != ErrorCode::not_found) return found;
  std::string reason;
  for (const auto& image : candidates) {
    if (!can_be_image(image)) {
      reason = "\"" + image + "\" is not the name of an image";
      continue;
    }
    auto pulled = pull(engine, image, progress, ctx);
    if (pulled) return image;
    if (pulled.error().code == ErrorCode::resource_exhausted) return fail(pulled.error(), "pulling " + image);
    if (auto more = ctx.check(); !more) return fail(more.error(), "pulling " + image);
    reason = pulled.error().message;
  }
  // An engine that has gone meanwhile is no missing image.
  found = find_image(engine, candidates, ctx);
  if (found || found.error().code != ErrorCode::not_found) return found;
  return no_image(candidates, reason);
}

}  // namespace ottobot::containers
