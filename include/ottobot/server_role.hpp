// What a process of a service does. Several need a store and a queue that they share (Redis).
#pragma once

namespace ottobot {

enum class ServerRole {
  all,
  api,     // answers its users, and has no sandboxes
  worker,  // as all, for what others hand on to it
};

}  // namespace ottobot
