#include "ottobot/queue.hpp"
