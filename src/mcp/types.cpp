#include "ottobot/mcp/types.hpp"
