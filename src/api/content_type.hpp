// What a file is, by its name. Pure.
#pragma once

#include <string_view>

namespace ottobot::api {

// "text/html; charset=utf-8" for "a/b.html"; "application/octet-stream" for what is not known.
std::string_view content_type_of(std::string_view path);

}  // namespace ottobot::api
