// libFuzzer's way into one target: OTTOBOT_FUZZ_TARGET is its function's name.
#include <cstddef>
#include <cstdint>

#include "fuzz/targets.hpp"

extern "C" __attribute__((visibility("default"))) int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                                                             std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  ottobot::fuzz::OTTOBOT_FUZZ_TARGET({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
