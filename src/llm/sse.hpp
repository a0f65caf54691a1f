// Server-sent events without I/O: bytes in, events out. Source: WHATWG HTML, "Parsing an event stream".
//
// Lines may end in LF, CR or CRLF, and every split of the input gives the same events. What is left incomplete at the
// end of the stream is no event, unless finish() is asked for it. Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ottobot::llm {

struct SseEvent {
  std::string type;  // of the `event` field; empty if none
  std::string data;
};

class SseParser {
 public:
  // The events that `bytes` completes.
  std::vector<SseEvent> feed(std::string_view bytes);
  // The event that the end of the input leaves without its blank line, for protocols whose framing vouches for the end
  // (by the specification it is none). Nothing may be fed after it.
  std::vector<SseEvent> finish();
  // Lines that are no field of an event stream: some servers put a bare JSON error there.
  std::string stray() const { return stray_ + line_; }

 private:
  void take_line(std::vector<SseEvent>& events);

  std::string line_;
  bool first_line_ = true;
  bool after_cr_ = false;
  bool has_data_ = false;
  SseEvent event_;
  std::string stray_;
};

}  // namespace ottobot::llm
