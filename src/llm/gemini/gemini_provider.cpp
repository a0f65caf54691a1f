#include "ottobot/llm_provider.hpp"
