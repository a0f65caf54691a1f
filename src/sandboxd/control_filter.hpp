// Keeps the output of commands from steering the terminal that shows it: colours, tabs and line ends pass, everything
// else that a terminal would obey (cursor moves, titles, queries, screen switches) is dropped. Keeps its state between
// chunks; sans I/O.
#pragma once

#include <string>
#include <string_view>

namespace ottobot::sandboxd {

class ControlFilter {
 public:
  std::string filter(std::string_view bytes);

 private:
  enum class State { text, escape, sequence, text_string, text_string_escape, skip_one };
  void take(char c, std::string& out);
  void take_text(char c, std::string& out);
  void take_escape(char c);

  State state_ = State::text;
  std::string pending_;  // a "CSI …" that may turn out to be a colour
};

}  // namespace ottobot::sandboxd
