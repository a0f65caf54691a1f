// Reading the sandbox.json of either kind, and JSON of engines, without trusting its form.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ottobot/json.hpp"

namespace ottobot::containers {

// Members that are strings; none when `object` is null or no object.
std::map<std::string, std::string> strings_from_json(const Json* object);
// Elements that are strings; none when `list` is null or no array.
std::vector<std::string> texts_from_json(const Json* list);

// Errors: data_loss (damaged), not_found (none), else from errno.
Result<Json> load_record_json(const std::string& path);

}  // namespace ottobot::containers
