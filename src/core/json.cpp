#include "ottobot/json.hpp"
