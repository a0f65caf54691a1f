#include "ottobot/mcp/transports.hpp"
