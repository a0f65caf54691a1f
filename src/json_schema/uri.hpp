// References between schemas (RFC 3986 §5.2). Pure functions over text.
#pragma once

#include <string>
#include <string_view>

namespace ottobot::json_schema {

// A URI and its fragment, decoded; the fragment is empty when there is none.
struct Location {
  std::string uri;
  std::string fragment;
};

// `reference` seen from `base`, which may be empty.
Location resolve_reference(std::string_view base, std::string_view reference);

}  // namespace ottobot::json_schema
