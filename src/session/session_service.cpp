#include "ottobot/session/session_service.hpp"
