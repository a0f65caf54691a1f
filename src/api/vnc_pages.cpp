#include "api/vnc_pages.hpp"

#include <algorithm>

#include "api/novnc_assets.hpp"
#include "api/static_file.hpp"

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
  // Always asked for again, and mostly answered with 304: an upgraded server shows its own pages at once.
  serve_static_file(request, {path, asset->content, {}, asset->hash, "no-cache", {}});
  return {};
}

}  // namespace ottobot::api
