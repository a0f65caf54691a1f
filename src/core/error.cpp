#include "ottobot/error.hpp"
