#include "api/vnc_pages.hpp"

#include <algorithm>

#include "api/content_type.hpp"
#include "api/novnc_assets.hpp"

namespace ottobot::api {
Result<void> serve_vnc_page(Request& request, const std::string& path) {
  const auto& assets = novnc_assets();
  if (assets.empty()) {
    return not_found("this server was built without the desktop page",
                     "install Debian's package novnc and build again, or use a VNC client of your own");
  }
  const auto asset =
      std::find_if(assets.begin(), assets.end(), [&](const NovncAsset& one) { return one.path == path; });
  if (asset == assets.end()) return not_found("noVNC has no file " + path);
  const std::string etag = "\"" + std::string(asset->hash) + "\"";
  net::Response response;
  // Always asked for again, and mostly answered with 304: an upgraded server shows its own pages at once.
  response.headers = {{"ETag", etag}, {"Cache-Control", "no-cache"}, {"X-Content-Type-Options", "nosniff"}};
  if (request.head().headers.has_token("If-None-Match", etag)) {
    response.status = 304;
  } else {
    response.headers.add("Content-Type", std::string(content_type_of(path)));
    response.body = std::string(asset->content);
  }
  request.exchange().respond(std::move(response));
  return {};
}

}  // namespace ottobot::api
