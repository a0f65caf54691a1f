// Tools of the targets.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ottobot::fuzz {

// A property that does not hold ends the process: that is what a fuzzer takes for a finding.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\n", property);
  std::abort();
}

// `input` cut at places that only depend on its bytes, so that a finding can be replayed.
inline std::vector<std::string_view> pieces_of(std::string_view input) {
  std::uint64_t state = 14695981039346656037U;
  for (const char c : input) state = (state ^ static_cast<unsigned char>(c)) * 1099511628211U;
  std::vector<std::string_view> pieces;
  while (!input.empty()) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    // Mostly a few bytes, now and then many: ends of lines are met from both sides.
    const auto most = (state >> 60) == 0 ? 200U : 6U;
    pieces.push_back(input.substr(0, 1 + (state >> 33) % most));
    input.remove_prefix(pieces.back().size());
  }
  return pieces;
}

// What stands before and behind the first `mark`; all of it before when there is none.
inline std::pair<std::string_view, std::string_view> halves_of(std::string_view input, std::string_view mark) {
  const auto at = input.find(mark);
  if (at == std::string_view::npos) return {input, {}};
  return {input.substr(0, at), input.substr(at + mark.size())};
}

}  // namespace ottobot::fuzz
