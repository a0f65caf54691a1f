#include "net/process/unix_socket.hpp"
