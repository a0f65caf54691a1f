// Lines from standard input, and text on standard output beside them: a pipe, or a terminal with line editing.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ottobot/error.hpp"

namespace ottobot::cli::chat {

class LineInput {
 public:
  virtual ~LineInput() = default;  // leaves the terminal as it was
  // Once standard input is readable: the lines that are complete by now.
  virtual std::vector<std::string> read() = 0;
  virtual bool at_end() const = 0;
  // On standard output, without getting in the way of what is being typed.
  virtual void write(std::string_view text) = 0;
  // Forgets what is being typed.
  virtual void clear() = 0;
};

std::unique_ptr<LineInput> make_pipe_input();
// Errors: unsupported (not a terminal that lines can be edited on).
Result<std::unique_ptr<LineInput>> make_terminal_input();

}  // namespace ottobot::cli::chat
