#include "net/client/http_client.hpp"
