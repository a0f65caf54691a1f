// The Lua for whoever looks into queues and clears them away. KEYS and ARGV as in queue_scripts.hpp.
#pragma once

#include "ottobot/queue_views.hpp"
#include "redis/client.hpp"
#include "redis/reply.hpp"

namespace ottobot::stores::queue_looks {

// KEYS: dead. → waiting, delayed, leased, dead, since when the oldest of the first hundred waits
const redis::Script& overview();
QueueOverview overview_of(const std::string& queue, const redis::ReplyView& reply);
// limit. → state, id, attempt, since, until, …
const redis::Script& jobs();
std::vector<QueuedJob> jobs_of(const redis::ReplyView& reply);
// KEYS: dead, forgotten. mark, seconds that it stays. → 1, or 0 when there is something in the queue
const redis::Script& forget();

}  // namespace ottobot::stores::queue_looks
