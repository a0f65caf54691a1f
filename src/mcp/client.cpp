#include "ottobot/mcp/client.hpp"
