#include "ottobot/agent/coding_agent.hpp"
