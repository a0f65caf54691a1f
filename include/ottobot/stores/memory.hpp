// Stores that live and die with the process: for tests, for embedding an agent in a program that keeps nothing, and as
// the queue of a single server (a restart re-queues every pending session from the SessionStore).
#pragma once

#include <memory>

#include "ottobot/clock.hpp"
#include "ottobot/queue.hpp"
#include "ottobot/session_store.hpp"

namespace ottobot {

// An acknowledged append lasts as long as the object. `clock` is borrowed for the life of the store.
std::unique_ptr<SessionStore> make_memory_store(Clock& clock = system_clock());

// Delays, backoff and leases follow `clock`, borrowed for the life of the queue. When a job waits for its time, a
// blocked lease() looks at the clock 50 times a second; otherwise it sleeps. The newest 1000 dead letters of each queue
// are kept.
std::unique_ptr<Queue> make_memory_queue(Clock& clock = system_clock());

}  // namespace ottobot
