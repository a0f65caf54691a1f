// RunView: a session on the terminal, line by line; coloured and with text as it streams in.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "ottobot/event.hpp"

namespace ottobot::cli {

class RunView {
 public:
  // `out` is borrowed.
  RunView(std::ostream& out, bool colour) : out_(out), colour_(colour) {}

  void event(const Event& event);
  void delta(const Json& message);
  // A line of the program's own.
  void note(std::string_view text);

 private:
  enum class Style { plain, dim, bold, cyan, red, yellow };

  void line(Style style, std::string_view text);
  void end_streamed();
  void agent_message(const Event& event);
  void tool_intent(const Event& event);
  void tool_result(const Event& event);

  std::ostream& out_;
  const bool colour_;
  bool streaming_ = false;  // the cursor stands behind streamed text
  std::string streamed_id_;
};

}  // namespace ottobot::cli
