// noVNC's files, embedded at build time.
#pragma once

#include <string_view>
#include <vector>

namespace ottobot::api {

struct NovncAsset {
  std::string_view path;  // "vnc.html", "app/ui.js", …
  std::string_view hash;  // of the content
  std::string_view content;
};

// Sorted by path; empty when the library was built without noVNC.
const std::vector<NovncAsset>& novnc_assets();

}  // namespace ottobot::api
