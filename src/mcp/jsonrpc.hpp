// JSON-RPC 2.0 as the Model Context Protocol uses it (base protocol of revisions 2025-11-25 and 2026-07-28): no
// batches, ids are strings or integers, params are objects. Pure functions over values; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "ottobot/json.hpp"

namespace ottobot::mcp {

namespace rpc_code {
inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kInternalError = -32603;
inline constexpr int kHeaderMismatch = -32020;
inline constexpr int kMissingCapability = -32021;
inline constexpr int kUnsupportedVersion = -32022;
inline constexpr int kFenced = -32010;  // ours: data {"code":"fenced"}
}  // namespace rpc_code

struct RpcError {
  int code = rpc_code::kInternalError;
  std::string message;
  Json data;  // null if none
};

// What a method gives: its result, or the error object of the response.
template <class T>
using RpcResult = tl::expected<T, RpcError>;
using RpcFailure = tl::unexpected<RpcError>;

RpcFailure rpc_error(int code, std::string message, Json data = nullptr);

// One valid message. Borrows from the Json that it was parsed from.
struct Incoming {
  enum class Kind { request, notification, response };
  Kind kind;
  const Json* id;           // of a request or response; null for a notification
  std::string_view method;  // empty for a response
  const Json* params;       // always an object for requests and notifications

  // params._meta when that is an object, else a null value.
  const Json& meta() const;
};

// Checks the envelope. The error is kInvalidRequest (kInvalidParams for params of another type).
RpcResult<Incoming> parse_message(const Json& message);
// The id to answer a message with that parse_message() refused; null when it has no usable one.
Json usable_id(const Json& message);
bool is_valid_id_value(const Json& id);

Json make_request(const Json& id, std::string_view method, Json params);
Json make_notification(std::string_view method, Json params);
Json make_response(const Json& id, Json result);
// MCP leaves the id out where JSON-RPC says null.
Json make_error_response(const Json& id, const RpcError& error);
// `outcome` as the response to `id`.
Json make_response(const Json& id, RpcResult<Json> outcome);

// The result or error inside a response. Errors: internal when `message` is no response.
Result<RpcResult<Json>> parse_response(Json message);

}  // namespace ottobot::mcp
