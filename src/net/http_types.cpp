#include "net/http_types.hpp"
