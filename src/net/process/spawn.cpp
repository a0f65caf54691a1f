#include "net/process/spawn.hpp"
