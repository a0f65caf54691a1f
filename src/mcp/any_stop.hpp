// One stop token out of two: fires when either does.
//
// Used where a call can be ended from two sides (its caller, and a cancellation or close that comes another way). The
// source must not move while the tokens may fire.
#pragma once

#include <stop_token>

namespace ottobot::mcp {

class AnyStop {
 public:
  AnyStop(std::stop_token a, std::stop_token b)
      : on_a_(std::move(a), Fire{source_}), on_b_(std::move(b), Fire{source_}) {}
  AnyStop(const AnyStop&) = delete;
  AnyStop& operator=(const AnyStop&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  struct Fire {
    std::stop_source source;
    void operator()() { source.request_stop(); }
  };
  std::stop_source source_;
  std::stop_callback<Fire> on_a_;
  std::stop_callback<Fire> on_b_;
};

}  // namespace ottobot::mcp
