#include "mcp/jsonrpc.hpp"

namespace ottobot::mcp {

namespace {

const Json& empty_object() {
  static const Json object = Json::object();
  return object;
}

const Json& null_value() {
  static const Json null;
  return null;
}

RpcResult<const Json*> params_of(const Json& message) {
  const Json* params = find_member(message, "params");
  if (!params) return &empty_object();
  if (!params->is_object()) return rpc_error(rpc_code::kInvalidParams, "Invalid params: params must be an object");
  return params;
}

RpcResult<Incoming> parse_response_envelope(const Json& message, const Json* id) {
  const bool has_result = message.contains("result");
  const bool has_error = message.contains("error");
  if (has_result == has_error) {
    return rpc_error(rpc_code::kInvalidRequest, "Invalid Request: neither method, nor exactly one of result and error");
  }
  if (!id && has_result) return rpc_error(rpc_code::kInvalidRequest, "Invalid Request: a result needs an id");
  return Incoming{Incoming::Kind::response, id, {}, &empty_object()};
}

}  // namespace

RpcFailure rpc_error(int code, std::string message, Json data) {
  return RpcFailure(RpcError{code, std::move(message), std::move(data)});
}

const Json& Incoming::meta() const {
  const Json* meta = find_member(*params, "_meta");
  return meta && meta->is_object() ? *meta : null_value();
}

bool is_valid_id_value(const Json& id) { return id.is_string() || id.is_number_integer(); }

Json usable_id(const Json& message) {
  const Json* id = find_member(message, "id");
  return id && is_valid_id_value(*id) ? *id : Json();
}

RpcResult<Incoming> parse_message(const Json& message) {
  if (message.is_array()) return rpc_error(rpc_code::kInvalidRequest, "Invalid Request: batches are not supported");
  if (!message.is_object()) return rpc_error(rpc_code::kInvalidRequest, "Invalid Request: a message is an object");
  if (get_string(message, "jsonrpc") != "2.0") {
    return rpc_error(rpc_code::kInvalidRequest, "Invalid Request: jsonrpc must be \"2.0\"");
  }
  const Json* id = find_member(message, "id");
  const Json* method = find_member(message, "method");
  // An error response to a message whose id could not be read has no id, or null.
  if (!method && id && id->is_null() && message.contains("error")) id = nullptr;
  if (id && !is_valid_id_value(*id)) {
    return rpc_error(rpc_code::kInvalidRequest, "Invalid Request: id must be a string or an integer");
  }
  if (!method) return parse_response_envelope(message, id);
  if (!method->is_string()) return rpc_error(rpc_code::kInvalidRequest, "Invalid Request: method must be a string");
  auto params = params_of(message);
  if (!params) return RpcFailure(params.error());
  const auto kind = id ? Incoming::Kind::request : Incoming::Kind::notification;
  return Incoming{kind, id, method->get_ref<const std::string&>(), *params};
}

Json make_request(const Json& id, std::string_view method, Json params) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}};
}

Json make_notification(std::string_view method, Json params) {
  Json message = {{"jsonrpc", "2.0"}, {"method", method}};
  if (!params.empty()) message["params"] = std::move(params);
  return message;
}

Json make_response(const Json& id, Json result) {
  Json message = {{"jsonrpc", "2.0"}, {"id", id}};
  message["result"] = std::move(result);
  return message;
}

Json make_error_response(const Json& id, const RpcError& error) {
  Json message = {{"jsonrpc", "2.0"}, {"error", {{"code", error.code}, {"message", error.message}}}};
  if (!id.is_null()) message["id"] = id;
  if (!error.data.is_null()) message["error"]["data"] = error.data;
  return message;
}

Json make_response(const Json& id, RpcResult<Json> outcome) {
  return outcome ? make_response(id, std::move(*outcome)) : make_error_response(id, outcome.error());
}

Result<RpcResult<Json>> parse_response(Json message) {
  const Json* error = find_member(message, "error");
  if (error && error->is_object()) {
    const Json* data = find_member(*error, "data");
    return RpcResult<Json>(rpc_error(static_cast<int>(get_int(*error, "code", rpc_code::kInternalError)),
                                     get_string(*error, "message"), data ? *data : Json()));
  }
  auto result = message.is_object() ? message.find("result") : message.end();
  if (result == message.end() || !result->is_object()) {
    return internal_error("the MCP peer sent a response without a result object");
  }
  return RpcResult<Json>(std::move(*result));
}

}  // namespace ottobot::mcp
