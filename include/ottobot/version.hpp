// Version of the library, as in CMake's project().
#pragma once

namespace ottobot {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace ottobot
