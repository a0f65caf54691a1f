#include "ottobot/message.hpp"
