#include "ottobot/toolbox.hpp"
