#include "ottobot/session_state.hpp"
