#include "ottobot/event.hpp"
