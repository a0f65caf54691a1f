#include "ottobot/agent/graph.hpp"
