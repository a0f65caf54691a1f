// Request bodies, sans-I/O: Content-Length and chunked (RFC 9112 §6, §7.1).
//
// Our own and strict on purpose: what two parsers read differently is how requests are smuggled. Line ends are CRLF, a
// chunk size is 1..15 hex digits followed by CRLF or ';', extensions and trailers are bounded and dropped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ottobot::net {

class BodyDecoder {
 public:
  void expect_length(std::uint64_t bytes);
  void expect_chunked();

  // Appends decoded bytes to `out` and returns how many of `bytes` it took: fewer than all only at the end of the body
  // or at a defect.
  std::size_t decode(std::string_view bytes, std::string& out);
  bool done() const { return state_ == State::done; }
  bool failed() const { return state_ == State::failed; }

 private:
  enum class State {
    length,
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer,
    trailer_cr,
    end_lf,
    done,
    failed
  };

  std::size_t take_data(std::string_view bytes, std::string& out);
  void take_framing(char c);
  void take_size(char c);
  void take_extension(char c);
  void take_trailer(char c);
  State fail_unless(bool good, State next) const { return good ? next : State::failed; }

  State state_ = State::done;
  std::uint64_t left_ = 0;      // of the body or of this chunk
  unsigned digits_ = 0;         // of this chunk's size
  std::size_t overhead_ = 0;    // bytes of this chunk's extension, or of all trailers
  bool at_line_start_ = false;  // of a trailer
};

}  // namespace ottobot::net
