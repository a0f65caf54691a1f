#include "server_client.hpp"

#include <algorithm>

#include "ottobot/ids.hpp"

namespace ottobot::cli {
namespace {

// By the table of docs: what a status stands for, the other way round.
ErrorCode code_of(int status) {
  switch (status) {
    case 401:
      return ErrorCode::unauthenticated;
    case 403:
      return ErrorCode::permission_denied;
    case 404:
      return ErrorCode::not_found;
    case 409:
      return ErrorCode::conflict;
    case 413:
    case 429:
      return ErrorCode::resource_exhausted;
    case 405:
    case 426:
      return ErrorCode::unsupported;
    default:
      return status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid_argument;
  }
}

std::string hint_for(int status) {
  if (status == 401 || status == 403) return "set OTTOBOT_API_KEY to a key of that server";
  return {};
}

// What a peer says that does not speak as OttoBot does, if it is a short line: ": this port speaks https".
std::string plain_words(std::string body) {
  constexpr std::size_t kLongest = 100;
  if (body.ends_with('\n')) body.pop_back();
  const bool is_text = std::all_of(body.begin(), body.end(), [](unsigned char c) { return c >= ' ' && c < 0x7f; });
  return body.empty() || body.size() > kLongest || !is_text ? "" : ": " + body;
}

bool is_about_certificate(const Error& error) {
  return !error.details.empty() && error.details.front().field == net::kCertificateField;
}

}  // namespace

Error refusal(int status, const std::string& body) {
  Error error;
  error.code = code_of(status);
  const auto json = parse_json(body);
  const std::string said = json ? get_string(*json, "message") : "";
  error.message = said.empty() ? "the server answered HTTP " + std::to_string(status) + " " +
                                     std::string(net::reason_phrase(status)) + (json ? "" : plain_words(body))
                               : said;
  error.hint = json && status != 401 ? get_string(*json, "hint", hint_for(status)) : hint_for(status);
  const Json* details = json ? find_member(*json, "details") : nullptr;
  if (details == nullptr || !details->is_array()) return error;
  for (const Json& detail : *details) {
    error.details.push_back({get_string(detail, "field"), get_string(detail, "message")});
  }
  return error;
}

Error explain_unreachable(Error error, const std::string& url) {
  if (error.code != ErrorCode::unavailable) return error;
  if (is_about_certificate(error)) {
    error.message = "the certificate of " + url + " is not trusted: " + error.details.front().message;
    error.hint = "a private authority's certificate is given by --ca-file FILE or OTTOBOT_CA_FILE";
    error.details.clear();
    return error;
  }
  error.message = "no server at " + url + " (" + error.message + ")";
  error.hint = "start one with: ottobot serve, or name another one with --url or OTTOBOT_URL";
  return error;
}

Result<std::string> session_path(const std::string& id) {
  if (is_valid_id(id)) return "/session/" + id;
  return invalid_argument("\"" + id + "\" is not the id of a session", "ottobot sessions lists them");
}

Result<ServerClient> ServerClient::make(const SettingFlags& flags) {
  auto settings = load_settings(flags);
  if (!settings) return fail(settings.error());
  net::HttpClientOptions options;
  options.user_agent = "ottobot-cli";
  options.ca_file = settings->ca_file.string();
  auto http = net::make_http_client(options);
  if (!http) return fail(http.error());
  return ServerClient(settings->server_url, settings->api_key, settings->ca_file.string(), std::move(*http));
}

net::HttpRequest ServerClient::request(std::string method, const std::string& path) const {
  net::HttpRequest request;
  request.method = std::move(method);
  request.url = url_ + path;
  request.headers.set("Accept", "application/json");
  if (!api_key_.empty()) request.headers.set("Authorization", "Bearer " + api_key_);
  return request;
}

Result<Json> ServerClient::get(const std::string& path, const CallContext& ctx) const {
  return fetch(request("GET", path), ctx);
}

Result<Json> ServerClient::send(std::string method, const std::string& path, const Json& body,
                                const CallContext& ctx) const {
  auto asked = request(std::move(method), path);
  if (!body.is_null()) {
    asked.headers.set("Content-Type", "application/json");
    asked.body = dump_json(body);
  }
  return fetch(asked, ctx);
}

Result<void> ServerClient::stream(const net::HttpRequest& request, net::ResponseSink& sink,
                                  const CallContext& ctx) const {
  return http_->stream(request, sink, ctx);
}

Result<Json> ServerClient::fetch(const net::HttpRequest& request, const CallContext& ctx) const {
  auto response = http_->fetch(request, ctx);
  if (!response) return fail(explain_unreachable(response.error(), url_));
  if (response->status < 200 || response->status >= 300) return fail(refusal(response->status, response->body));
  if (response->body.empty()) return Json();
  auto body = parse_json(response->body);
  if (!body) return internal_error(url_ + " does not answer as OttoBot does", "is --url right?");
  return body;
}

void add_server_flags(CLI::App& command, SettingFlags& flags) {
  add_setting_flags(command, flags, {"OTTOBOT_URL", "OTTOBOT_API_KEY", "OTTOBOT_CA_FILE"});
}

}  // namespace ottobot::cli
