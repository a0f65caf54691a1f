// Who may use the server?

#include "access_setup.hpp"
#include "api/access.hpp"
#include "doctor_checks.hpp"

namespace ottobot::cli {

Finding check_access(const DoctorContext& context) {
  constexpr const char* kName = "access";
  const auto& settings = context.settings;
  if (!asks_for_keys(settings)) {
    const bool is_local = config::listens_on_loopback(settings);
    const std::string who = is_local ? "everyone on this machine" : "everyone who reaches " + settings.host;
    return {kName, is_local ? Verdict::good : Verdict::warning, who + " may use the server: it asks for no API key",
            is_local ? "" : "unset OTTOBOT_AUTH, or set OTTOBOT_API_KEYS"};
  }
  AccessOptions options = settings.access;
  std::error_code ignored;
  if (options.api_keys.empty() && !std::filesystem::exists(made_keys_file(settings), ignored)) {
    return {kName, Verdict::good, "the server will make an API key and show it at its first start", {}};
  }
  if (options.api_keys.empty()) options.api_keys = made_keys_file(settings).string();
  const auto access = api::Access::make(options, system_clock(), context.logger);
  if (!access) return {kName, Verdict::bad, access.error().message, access.error().hint};
  return {kName, Verdict::good, "the server asks for API keys", {}};
}

}  // namespace ottobot::cli
