// The specification's own schemas: what a $ref may name without their being given along.
#pragma once

#include <string_view>

namespace ottobot::json_schema {

// JSON text of the meta-schema with that URI; empty when there is none.
std::string_view find_metaschema(std::string_view uri);

}  // namespace ottobot::json_schema
