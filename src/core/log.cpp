#include "ottobot/log.hpp"
