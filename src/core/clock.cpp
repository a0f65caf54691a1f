#include "ottobot/clock.hpp"
