// Answers of the endpoint: JSON, and errors in one shape.
#pragma once

#include "net/server/http_server.hpp"
#include "ottobot/json.hpp"

namespace ottobot::sandboxd {

net::Response json_reply(int status, const Json& body);
// {error: "Not Found", message, hint?, details?}
net::Response error_reply(int status, const Error& error);
// The status that an error means: 400, 401, 403, 404, 408, 409, 413, 501, 503, else 500.
int status_of(const Error& error);
inline net::Response error_reply(const Error& error) { return error_reply(status_of(error), error); }
net::Response method_not_allowed(std::string allowed);

}  // namespace ottobot::sandboxd
