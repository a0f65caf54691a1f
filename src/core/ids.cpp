#include "ottobot/ids.hpp"
