// How an Error looks over HTTP: status, {error, message, hint?, details?}, Retry-After. Pure.
#pragma once

#include "net/http_types.hpp"
#include "net/server/http_server.hpp"
#include "ottobot/error.hpp"
#include "ottobot/json.hpp"

namespace ottobot::api {

int status_of(ErrorCode code);
net::Response json_response(int status, const Json& body);
// What went wrong inside (500) is not told to clients: log it before.
net::Response error_response(const Error& error);
// The same with a status of its own.
net::Response error_response(int status, const Error& error);
// For statuses that no ErrorCode stands for (405, 408, 413, 416, …).
net::Response error_response(int status, const std::string& message, const std::string& hint = {});

}  // namespace ottobot::api
