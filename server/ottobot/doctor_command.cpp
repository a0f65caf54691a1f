// `ottobot doctor`: what is missing here, and the command that mends it.

#include <algorithm>
#include <iostream>
#include <memory>

#include "builtins.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "doctor_checks.hpp"

namespace ottobot::cli {
namespace {

constexpr const char* kHelp = R"(Examples:
  ottobot doctor                 each line: ✓ fine, ! works with less, ✗ must be mended
  ottobot doctor --port 8000     with the flags that you mean to serve with
  ottobot doctor --role api --store redis   of many processes: are the workers there?
  ottobot doctor --json | jq .

With a model key, one call that costs nothing finds out whether it works.
Exit status: 0, or 1 when something that is required is missing.)";

std::string_view word(Verdict verdict) {
  return verdict == Verdict::good ? "ok" : verdict == Verdict::warning ? "warning" : "error";
}

std::string_view sign(Verdict verdict) {
  return verdict == Verdict::good ? "✓" : verdict == Verdict::warning ? "!" : "✗";
}

// What runs sandboxes.
std::vector<Finding> examine_sandboxes(const DoctorContext& context) {
  const auto docker = check_docker(context);
  const bool docker_works = std::all_of(docker.begin(), docker.end(),
                                        [](const Finding& finding) { return finding.verdict == Verdict::good; });
  const auto& backend = context.settings.backend;
  auto findings = check_programs(backend == "local" || (backend == "auto" && !docker_works));
  findings.insert(findings.end(), docker.begin(), docker.end());
  findings.push_back(check_sandboxd(context));
  findings.push_back(check_backend(context));
  for (auto& finding : check_port_ranges(context)) findings.push_back(std::move(finding));
  return findings;
}

std::vector<Finding> examine(const DoctorContext& context) {
  std::vector<Finding> findings;
  if (context.settings.role != ServerRole::api) findings = examine_sandboxes(context);
  findings.push_back(check_novnc());
  findings.push_back(check_port(context));
  for (auto& finding : check_tls(context)) findings.push_back(std::move(finding));
  findings.push_back(check_data_dir(context));
  for (auto& finding : check_redis(context)) findings.push_back(std::move(finding));
  for (auto& finding : check_cluster(context)) findings.push_back(std::move(finding));
  findings.push_back(check_access(context));
  findings.push_back(check_model(context));
  return findings;
}

void print_text(const std::vector<Finding>& findings) {
  for (const auto& finding : findings) {
    std::cout << sign(finding.verdict) << " " << finding.message << "\n";
    if (!finding.fix.empty()) std::cout << "    " << finding.fix << "\n";
  }
}

void print_json(const std::vector<Finding>& findings, bool usable) {
  Json checks = Json::array();
  for (const auto& finding : findings) {
    checks.push_back({{"name", finding.name},
                      {"status", word(finding.verdict)},
                      {"message", finding.message},
                      {"fix", finding.fix}});
  }
  std::cout << dump_json({{"ok", usable}, {"checks", checks}}) << "\n";
}

int doctor(const SettingFlags& flags, bool as_json) {
  auto settings = load_settings(flags);
  if (!settings) return report(settings.error());
  const auto logger = make_logger({LogLevel::error, LogFormat::text});
  const auto registry = builtin_registry();
  const auto findings = examine({registry, *settings, *logger});
  const bool usable = std::none_of(findings.begin(), findings.end(),
                                   [](const Finding& finding) { return finding.verdict == Verdict::bad; });
  as_json ? print_json(findings, usable) : print_text(findings);
  return usable ? kExitOk : kExitError;
}

}  // namespace

Run add_doctor(CLI::App& app) {
  auto* command = app.add_subcommand("doctor", "say what is missing here and the command that mends it");
  command->footer(kHelp);
  auto flags = std::make_shared<SettingFlags>();
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "one JSON object instead of lines");
  add_setting_flags(*command, *flags,
                    {"API_HOST", "API_PORT", "OTTOBOT_TLS_CERT", "OTTOBOT_TLS_KEY", "OTTOBOT_DATA_DIR", "LLM_MODEL",
                     "OTTOBOT_BACKEND", "OTTOBOT_STORE", "OTTOBOT_QUEUE", "MODE", "OTTOBOT_SANDBOXD"});
  return [flags, as_json] { return doctor(*flags, *as_json); };
}

}  // namespace ottobot::cli
