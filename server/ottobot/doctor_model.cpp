// Does the model's key work? One cheap call tells.

#include "config/model_name.hpp"
#include "doctor_checks.hpp"
#include "net/client/http_client.hpp"
#include "ottobot/llm/gemini.hpp"

namespace ottobot::cli {
namespace {

constexpr std::chrono::seconds kCall{15};
constexpr const char* kName = "model";

Finding judge(const net::HttpResponse& response, const std::string& model, const std::string& url) {
  const auto status = std::to_string(response.status);
  if (response.status == 200) return {kName, Verdict::good, "the key works at " + url + ", the model is " + model, {}};
  if (response.status == 400 || response.status == 401 || response.status == 403) {
    return {kName, Verdict::bad, url + " refuses GEMINI_API_KEY (HTTP " + status + ")",
            "get a key at https://aistudio.google.com/apikey and set GEMINI_API_KEY"};
  }
  if (response.status == 429)
    return {kName, Verdict::warning, "the key is right but over its quota", "wait, or raise it"};
  return {kName, Verdict::warning, url + " answers HTTP " + status, "check GEMINI_BASE_URL, or try again later"};
}

Finding check_gemini_key(const config::Settings& settings) {
  if (settings.gemini_api_key.empty()) {
    return {kName, Verdict::bad, settings.model + " needs a key", "set GEMINI_API_KEY, or --model scripted:demo"};
  }
  const auto url = settings.gemini_base_url.empty() ? GeminiOptions{}.base_url : settings.gemini_base_url;
  auto client = net::make_http_client();
  if (!client) return {kName, Verdict::bad, client.error().message, client.error().hint};
  net::HttpRequest request;
  request.url = url + "/v1beta/models?pageSize=1";
  request.headers = {{"x-goog-api-key", settings.gemini_api_key}};
  auto response = (*client)->fetch(request, with_timeout(kCall));
  if (response) return judge(*response, settings.model, url);
  return {kName, Verdict::warning, url + " cannot be reached, so the key is not checked: " + response.error().message,
          "check the network or HTTPS_PROXY"};
}

}  // namespace

Finding check_model(const DoctorContext& context) {
  const auto& settings = context.settings;
  auto model = config::parse_model_name(settings.model);
  if (!model) return {kName, Verdict::bad, model.error().message, model.error().hint};
  if (model->provider == "gemini") return check_gemini_key(settings);
  if (settings.model == config::kDemoModel) {
    return {kName, Verdict::warning, "no model key is set: the built-in demonstration answers", "set GEMINI_API_KEY"};
  }
  auto provider = context.registry.providers.make(model->provider, {settings, system_clock(), context.logger, {}, {}});
  if (!provider) return {kName, Verdict::bad, provider.error().message, provider.error().hint};
  auto info = (*provider)->describe(model->model, with_timeout(kCall));
  if (!info) return {kName, Verdict::bad, info.error().message, info.error().hint};
  return {kName, Verdict::good, "the model is " + model->full(), {}};
}

}  // namespace ottobot::cli
