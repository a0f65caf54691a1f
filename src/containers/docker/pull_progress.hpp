// What an engine tells while it pulls an image (Engine API, ImageCreate): one JSON object per line, with the layers'
// states mixed. No I/O.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace ottobot::containers {

class PullProgress {
 public:
  // Any split does. Lines that are not understood are skipped.
  void feed(std::string_view bytes);

  // What the engine gave as the reason of a failure; empty as long as there is none.
  const std::string& error() const { return error_; }
  // Of the layers known so far, 0..100; never falls.
  int percent() const { return percent_; }
  std::string message() const;  // "12 of 40 MiB"

 private:
  struct Layer {
    std::uint64_t done = 0, total = 0;
  };
  void take_line(std::string_view line);
  void count();

  std::string partial_;
  std::map<std::string, Layer> layers_;
  std::uint64_t done_ = 0, total_ = 0;
  int percent_ = 0;
  std::string error_;
};

}  // namespace ottobot::containers
