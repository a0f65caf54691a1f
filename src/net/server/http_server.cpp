#include "net/server/http_server.hpp"
