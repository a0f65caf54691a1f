// Who may use a server, and how much of it one user may take. Values only.
#pragma once

#include <string>
#include <vector>

namespace ottobot {

struct AccessOptions {
  // A file of `user:key` lines, which is read again when it changes, or the lines themselves with commas between them.
  // Empty = no access control: everyone who reaches the port may use everything.
  std::string api_keys;
  std::string ticket_secret;  // signs tickets; empty = a new one for each process
  // By which the processes of one service know each other; empty = there is only one. Whoever has it may do everything.
  std::string cluster_secret;
  // Addresses and networks ("10.0.0.0/8") of proxies whose X-Forwarded-* fields are believed.
  std::vector<std::string> trusted_proxies{"127.0.0.1", "::1"};

  // 0 = no bound, for each of these. Without keys a client's address stands for the user, and only auth failures and
  // requests count, of clients on other machines.
  int requests_per_minute = 600;      // those that change something, per user
  int sessions_per_minute = 60;       // new ones, per user
  int auth_failures_per_minute = 60;  // wrong keys and tickets, per address
  int max_sessions_per_user = 100;    // open at once
  int max_sockets_per_user = 200;     // chats, event streams and desktops, open at once
};

}  // namespace ottobot
