#include "ottobot/server.hpp"
