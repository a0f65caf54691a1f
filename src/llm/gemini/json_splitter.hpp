// The objects of a streamed JSON array (or a lone object), as they become whole. No I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ottobot::llm::gemini {

class JsonSplitter {
 public:
  // The texts of the objects that `bytes` completes.
  std::vector<std::string> feed(std::string_view bytes);

 private:
  std::string object_;
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

}  // namespace ottobot::llm::gemini
