#include "sandboxd/names.hpp"

#include <algorithm>

#include "ottobot/json.hpp"

namespace ottobot::sandboxd {

std::string listed_name(std::string_view bytes) {
  std::string shown = shown_name(bytes);
  bool plain = std::none_of(shown.begin(), shown.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return plain ? shown : dump_json(Json(shown));
}

}  // namespace ottobot::sandboxd
