// `ottobot doctor`: the container engine, and what sandboxes are made of there.
#include "backends.hpp"
#include "doctor_checks.hpp"

namespace ottobot::cli {
namespace {

constexpr std::chrono::seconds kPatience{9};

}  // namespace

std::vector<Finding> check_docker(const DoctorContext& context) {
  const auto& settings = context.settings;
  if (settings.backend == "local") return {};
  // Somebody who did not ask for containers misses nothing.
  const Verdict when_missing = settings.backend == "docker" ? Verdict::bad : Verdict::warning;
  const auto options = docker_options(settings);
  const auto image = containers::find_docker_image(options, "", with_timeout(kPatience));
  if (image) {
    return {{"docker", Verdict::good, "a container engine answers", {}},
            {"image", Verdict::good, "sandboxes are made of the image " + *image, {}}};
  }
  if (image.error().code != ErrorCode::not_found) {
    return {{"docker", when_missing, image.error().message, image.error().hint}};
  }
  const bool is_ours = settings.agent_image == config::Settings{}.agent_image;
  return {{"docker", Verdict::good, "a container engine answers", {}},
          {"image", when_missing, image.error().message,
           is_ours ? "scripts/build-images lean" : "docker pull " + settings.agent_image}};
}

}  // namespace ottobot::cli
