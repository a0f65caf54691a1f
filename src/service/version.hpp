#pragma once

namespace ottobot::service {

// "0.1.0", the project's.
const char* version();

}  // namespace ottobot::service
