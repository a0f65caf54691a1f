// What an app in a sandbox is told of a request, and a browser of its answer. Pure.
#pragma once

#include "api/preview_target.hpp"

namespace ottobot::api {

// The fields of `head` for the app, which takes itself for http://localhost:PORT. Credentials of ours are left out:
// cookies at a path all, `hide_authorization` the Authorization field as well.
net::Headers headers_for_app(const net::RequestHead& head, const PreviewTarget& target, bool hide_authorization);

// What the app's answer may tell a browser: nothing that reaches beyond its own address.
net::Headers headers_for_browser(const net::Headers& from_app, const PreviewTarget& target);

// Where a Location of the app's leads: the path on its own server, from the slash on; nullopt = elsewhere.
std::optional<std::string> own_path(std::string_view location, int port);

}  // namespace ottobot::api
