// FrameView: a session's chat frames on the terminal, line by line; coloured, and with text as it streams in.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "ottobot/json.hpp"

namespace ottobot::cli {

class FrameView {
 public:
  // `out` is borrowed.
  FrameView(std::ostream& out, bool colour) : out_(out), colour_(colour) {}

  void frame(const Json& frame);
  // A line of the program's own.
  void note(std::string_view text);
  void problem(std::string_view text);

 private:
  enum class Style { plain, dim, bold, cyan, red, yellow };

  void line(Style style, std::string_view text);
  void end_streamed();
  void delta(const Json& frame, const Json& metadata);
  void agent_response(const Json& frame, const Json& metadata);
  void agent_action(const Json& frame, const Json& metadata);
  void system_update(const Json& frame, const Json& metadata);

  std::ostream& out_;
  const bool colour_;
  bool streaming_ = false;     // the cursor stands behind streamed text
  std::string streamed_id_;    // of the message that deltas came of last
  std::string streamed_text_;  // what of it is on the screen
};

}  // namespace ottobot::cli
