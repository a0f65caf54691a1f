#include "ottobot/session/session_log.hpp"
