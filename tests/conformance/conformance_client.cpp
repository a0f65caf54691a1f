// conformance_client … URL: does what one scenario of the official conformance suite wants of a client. The suite names
// the scenario, the protocol version and values to use in the environment.
#include <cstdio>
#include <cstdlib>
#include <map>

#include "ottobot/mcp/client.hpp"
#include "ottobot/mcp/transports.hpp"

namespace {

using namespace ottobot;
using namespace std::chrono_literals;

constexpr std::chrono::seconds kTimeout{20};

struct Scenario {
  std::string name;
  std::string url;
  mcp::Era era;
  Json values;  // what the suite wants to be used
};

using Steps = Result<void> (*)(mcp::Client& client, const Scenario& scenario, const CallContext& ctx);

Result<void> call(mcp::Client& client, const std::string& name, const Json& args, const CallContext& ctx) {
  auto result = client.call_tool(name, args, {}, ctx);
  if (!result) return fail(result.error(), name);
  std::printf("%s: %s\n", name.c_str(), dump_json(result->content).c_str());
  return {};
}

Result<void> list(mcp::Client& client, const Scenario&, const CallContext& ctx) {
  auto tools = client.list_tools(ctx);
  if (!tools) return fail(tools.error());
  std::printf("%zu tools\n", tools->size());
  return {};
}

Result<void> add_numbers(mcp::Client& client, const Scenario& scenario, const CallContext& ctx) {
  if (auto listed = list(client, scenario, ctx); !listed) return listed;
  return call(client, "add_numbers", {{"a", 5}, {"b", 3}}, ctx);
}

Result<void> reconnect(mcp::Client& client, const Scenario& scenario, const CallContext& ctx) {
  if (auto listed = list(client, scenario, ctx); !listed) return listed;
  return call(client, "test_reconnection", Json::object(), ctx);
}

Result<void> use_every_method(mcp::Client& client, const Scenario&, const CallContext& ctx) {
  auto tools = client.list_tools(ctx);
  if (!tools) return fail(tools.error());
  for (const mcp::Tool& tool : *tools) {
    if (auto called = call(client, tool.name, Json::object(), ctx); !called) return called;
  }
  auto resources = client.request("resources/list", nullptr, ctx);
  if (!resources) return fail(resources.error());
  for (const Json& resource : resources->at("resources")) {
    auto read = client.request("resources/read", {{"uri", get_string(resource, "uri")}}, ctx);
    if (!read) return fail(read.error());
  }
  auto prompts = client.request("prompts/list", nullptr, ctx);
  if (!prompts) return fail(prompts.error());
  for (const Json& prompt : prompts->at("prompts")) {
    auto got = client.request("prompts/get", {{"name", get_string(prompt, "name")}}, ctx);
    if (!got) return fail(got.error());
  }
  return {};
}

Result<void> call_as_told(mcp::Client& client, const Scenario& scenario, const CallContext& ctx) {
  if (auto listed = list(client, scenario, ctx); !listed) return listed;
  const Json* calls = find_member(scenario.values, "toolCalls");
  if (!calls || !calls->is_array()) return invalid_argument("the suite named no toolCalls");
  for (const Json& one : *calls) {
    const Json* args = find_member(one, "arguments");
    if (auto called = call(client, get_string(one, "name"), args ? *args : Json(), ctx); !called) return called;
  }
  return {};
}

// An argument for each one that a tool requires.
Json made_up_arguments(const mcp::Tool& tool) {
  Json args = Json::object();
  const Json* properties = find_member(tool.input_schema, "properties");
  if (!properties) return args;
  for (const auto& [name, schema] : properties->items()) {
    const std::string type = get_string(schema, "type");
    args[name] = type == "integer" || type == "number" ? Json(1) : (type == "boolean" ? Json(true) : Json("x"));
  }
  return args;
}

Result<void> call_whatever_is_listed(mcp::Client& client, const Scenario&, const CallContext& ctx) {
  auto tools = client.list_tools(ctx);
  if (!tools) return fail(tools.error());
  for (const mcp::Tool& tool : *tools) {
    if (auto called = call(client, tool.name, made_up_arguments(tool), ctx); !called) return called;
  }
  return {};
}

Result<void> echo_schema(mcp::Client& client, const Scenario&, const CallContext& ctx) {
  auto tools = client.list_tools(ctx);
  if (!tools) return fail(tools.error());
  for (const mcp::Tool& tool : *tools) {
    if (tool.name != "json_schema_2020_12_tool") continue;
    return call(client, "json_schema_echo", {{"schema", tool.input_schema}}, ctx);
  }
  return not_found("json_schema_2020_12_tool is not listed");
}

const std::map<std::string, Steps>& scenarios() {
  static const std::map<std::string, Steps> known{
      {"initialize", list},
      {"tools_call", add_numbers},
      {"sse-retry", reconnect},
      {"request-metadata", list},
      {"http-standard-headers", use_every_method},
      {"http-custom-headers", call_as_told},
      {"http-invalid-tool-headers", call_whatever_is_listed},
      {"json-schema-ref-no-deref", list},
      {"json-schema-2020-12-preservation", echo_schema},
  };
  return known;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

Result<Scenario> read_scenario(int argc, char** argv) {
  if (argc < 2) return invalid_argument("usage: conformance_client … URL");
  Scenario scenario;
  scenario.url = argv[argc - 1];
  scenario.name = environment("MCP_CONFORMANCE_SCENARIO");
  const std::string version = environment("MCP_CONFORMANCE_PROTOCOL_VERSION");
  scenario.era =
      version.empty() ? mcp::Era::automatic : (version < mcp::kModernVersion ? mcp::Era::legacy : mcp::Era::modern);
  if (const std::string context = environment("MCP_CONFORMANCE_CONTEXT"); !context.empty()) {
    auto values = parse_json(context);
    if (!values) return fail(values.error(), "MCP_CONFORMANCE_CONTEXT");
    scenario.values = std::move(*values);
  }
  return scenario;
}

Result<void> run(int argc, char** argv) {
  auto scenario = read_scenario(argc, argv);
  if (!scenario) return fail(scenario.error());
  const auto steps = scenarios().find(scenario->name);
  if (steps == scenarios().end()) return unsupported("this client knows no scenario \"" + scenario->name + "\"");
  const auto path = scenario->url.find('/', scenario->url.find("://") + 3);
  mcp::HttpTransportOptions http;
  http.endpoint.url = scenario->url.substr(0, path);
  http.path = path == std::string::npos ? "/" : scenario->url.substr(path);
  auto transport = mcp::make_http_transport(http);
  if (!transport) return fail(transport.error());
  const CallContext ctx = with_timeout(kTimeout);
  mcp::ClientOptions options;
  options.info = {"ottobot-conformance-client", "1"};
  options.era = scenario->era;
  auto client = mcp::Client::connect(std::move(*transport), options, ctx);
  if (!client) return fail(client.error());
  return steps->second(**client, *scenario, ctx);
}

}  // namespace

int main(int argc, char** argv) {
  const auto done = run(argc, argv);
  if (done) return 0;
  std::fprintf(stderr, "conformance_client: %s\n", done.error().to_string().c_str());
  return 1;
}
