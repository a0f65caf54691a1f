#include "ottobot/container_backend.hpp"
