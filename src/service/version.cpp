#include "service/version.hpp"

namespace ottobot::service {

const char* version() { return OTTOBOT_VERSION; }

}  // namespace ottobot::service
