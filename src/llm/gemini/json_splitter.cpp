#include "llm/gemini/json_splitter.hpp"

namespace ottobot::llm::gemini {

std::vector<std::string> JsonSplitter::feed(std::string_view bytes) {
  std::vector<std::string> objects;
  for (const char c : bytes) {
    // Between the objects there are only brackets, commas and white space.
    if (depth_ == 0 && c != '{') continue;
    object_ += c;
    if (in_string_) {
      if (!escaped_ && c == '"') in_string_ = false;
      escaped_ = !escaped_ && c == '\\';
      continue;
    }
    if (c == '"') in_string_ = true;
    if (c == '{' || c == '[') ++depth_;
    if ((c == '}' || c == ']') && --depth_ == 0) objects.push_back(std::exchange(object_, {}));
  }
  return objects;
}

}  // namespace ottobot::llm::gemini
