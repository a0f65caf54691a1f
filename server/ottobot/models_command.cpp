// `ottobot models`: the models that this machine's settings allow.

#include <iostream>
#include <memory>

#include "builtins.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "config/model_name.hpp"
#include "ottobot/llm/gemini.hpp"
#include "text_table.hpp"

namespace ottobot::cli {
namespace {

constexpr std::chrono::seconds kDescribe{5};

constexpr const char* kHelp = R"(Examples:
  ottobot models                       what can be given to --model, with window, price and key
  ottobot models --json | jq .
  ottobot serve --model gemini:gemini-2.5-flash

The list is of models that are known here, by the settings of this machine; a
provider may have more: any of its names can be given as PROVIDER:MODEL.
Window and output are in tokens, prices in USD per million tokens.)";

struct Listed {
  std::string name;      // provider:model
  std::string key;       // "set", "missing" or "not needed"
  std::string key_name;  // of the setting; empty when none is needed
  ModelInfo info;
  bool is_default = false;
};

Listed gemini_model(const ModelInfo& info, const config::Settings& settings) {
  return {"gemini:" + info.id, settings.gemini_api_key.empty() ? "missing" : "set", "GEMINI_API_KEY", info, false};
}

// The default may be one that is in no list: a new model, or a scenario file.
Listed listed_default(const config::ModelName& model, const config::Registry& registry,
                      const config::Settings& settings, Logger& logger) {
  Listed listed{model.full(), "not needed", "", {}, true};
  if (model.provider == "gemini") listed = gemini_model({model.model}, settings);
  auto provider = registry.providers.make(model.provider, {settings, system_clock(), logger, {}, {}});
  if (!provider) return listed;
  if (auto info = (*provider)->describe(model.model, with_timeout(kDescribe))) listed.info = *info;
  return listed;
}

std::vector<Listed> known_models(const config::Settings& settings) {
  std::vector<Listed> models;
  for (const auto& info : known_gemini_models()) models.push_back(gemini_model(info, settings));
  models.push_back({config::kDemoModel, "not needed", "", {}, false});
  return models;
}

std::string tokens(std::int64_t count) { return count == 0 ? "-" : std::to_string(count); }

std::string price(const ModelInfo& info) {
  if (info.usd_per_million_input == 0 && info.usd_per_million_output == 0) return "-";
  const auto text = [](double usd) {
    std::string digits = std::to_string(usd);
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
    return digits;
  };
  return text(info.usd_per_million_input) + " / " + text(info.usd_per_million_output);
}

Json to_json(const Listed& listed) {
  Json json{{"model", listed.name}, {"key", listed.key}, {"default", listed.is_default}};
  if (!listed.key_name.empty()) json["key_setting"] = listed.key_name;
  if (listed.info.context_window_tokens != 0) json["context_window_tokens"] = listed.info.context_window_tokens;
  if (listed.info.max_output_tokens != 0) json["max_output_tokens"] = listed.info.max_output_tokens;
  if (price(listed.info) != "-") {
    json["usd_per_million_input"] = listed.info.usd_per_million_input;
    json["usd_per_million_output"] = listed.info.usd_per_million_output;
  }
  return json;
}

void print_json(const std::vector<Listed>& models) {
  Json list = Json::array();
  for (const auto& each : models) list.push_back(to_json(each));
  std::cout << dump_json({{"models", std::move(list)}}) << "\n";
}

void print_text(const std::vector<Listed>& models) {
  std::vector<TableRow> rows;
  for (const auto& each : models) {
    const bool missing = each.key == "missing";
    rows.push_back({each.is_default ? "*" : "", each.name, tokens(each.info.context_window_tokens),
                    tokens(each.info.max_output_tokens), price(each.info),
                    missing ? "missing: set " + each.key_name : each.key});
  }
  print_table(std::cout, {"", "MODEL", "WINDOW", "OUTPUT", "PRICE IN / OUT", "KEY"}, rows);
  std::cout << "\n* is used by sessions that name none\n";
}

int models(const SettingFlags& flags, bool as_json) {
  auto settings = load_settings(flags);
  if (!settings) return report(settings.error());
  auto chosen = config::parse_model_name(settings->model);
  if (!chosen) return report(chosen.error());
  auto list = known_models(*settings);
  bool listed = false;
  for (auto& each : list) {
    each.is_default = each.name == chosen->full();
    listed = listed || each.is_default;
  }
  if (!listed) {
    const auto logger = make_logger({LogLevel::error, LogFormat::text});
    auto own = listed_default(*chosen, builtin_registry(), *settings, *logger);
    own.is_default = true;
    list.insert(list.begin(), std::move(own));
  }
  as_json ? print_json(list) : print_text(list);
  return kExitOk;
}

}  // namespace

Run add_models(CLI::App& app) {
  auto* command = app.add_subcommand("models", "list the models that can be used here");
  command->footer(kHelp);
  auto flags = std::make_shared<SettingFlags>();
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "as JSON");
  add_setting_flags(*command, *flags, {"LLM_MODEL"});
  return [flags, as_json] { return models(*flags, *as_json); };
}

}  // namespace ottobot::cli
