#include "containers/common/record_json.hpp"

#include <cerrno>

#include "containers/common/files.hpp"

namespace ottobot::containers {

std::map<std::string, std::string> strings_from_json(const Json* object) {
  std::map<std::string, std::string> strings;
  if (!object || !object->is_object()) return strings;
  for (const auto& [key, value] : object->items()) {
    if (value.is_string()) strings[key] = value.get<std::string>();
  }
  return strings;
}

std::vector<std::string> texts_from_json(const Json* list) {
  std::vector<std::string> texts;
  if (!list || !list->is_array()) return texts;
  for (const auto& item : *list) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

Result<Json> load_record_json(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return errno_error("cannot read " + path, errno);
  auto json = parse_json(*text);
  if (!json) return data_loss(path + " is damaged: " + json.error().message);
  return json;
}

}  // namespace ottobot::containers
