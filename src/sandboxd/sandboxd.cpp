#include "ottobot/mcp/server.hpp"
