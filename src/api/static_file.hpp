// An answer that is the same for everybody: a file that was built in, with ETag and 304.
#pragma once

#include <string>
#include <string_view>

#include "api/router.hpp"

namespace ottobot::api {

struct StaticFile {
  std::string_view path;  // its content type is told by its name
  std::string_view content;
  std::string_view gzip;  // empty = there is no such form
  std::string_view hash;  // of the content
  std::string_view cache_control;
  net::Headers headers;  // more of them
};

void serve_static_file(Request& request, const StaticFile& file);

}  // namespace ottobot::api
