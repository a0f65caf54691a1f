#include "ottobot/session_store.hpp"
