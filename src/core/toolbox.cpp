#include "ottobot/toolbox.hpp"

namespace ottobot {

ToolReply text_reply(std::string text, ToolOutcome outcome) {
  return {outcome, Json::array({{{"type", "text"}, {"text", std::move(text)}}}), nullptr};
}

}  // namespace ottobot
