// The Lua of the queue, one script for each operation. Each is safe to run twice.
//
// KEYS of all: jobs (a hash: what each job is), waiting (a list), delayed and leased (sorted sets by time); of some a
// fifth. ARGV: now (as kLuaClock takes it), channel, and what is said below.
#pragma once

#include "redis/client.hpp"

namespace ottobot::stores::queue_scripts {

// id, delay, now by the clock of who pushes, "" or the mark that was met; KEYS: forgotten. → 1, or 0 when it waits
// already, or the mark of a queue that was forgotten: nothing was pushed then
const redis::Script& push();
// token, ttl, "1" to look for delayed jobs that are due even if others wait. A look that may have been made before
// finds the job that it got then. → id, attempt, how many wait behind it | how long until one is due, or -1
const redis::Script& lease();
// These three: id, token. → 1, or 0 when the lease is no longer held. extend: ttl. fail: attempts at most, backoff,
// what becomes the dead letter, dead letters at most; KEYS: dead (a list).
const redis::Script& extend();
const redis::Script& complete();
const redis::Script& fail();
// → how many
const redis::Script& recover();
// KEYS: dead. → waiting, delayed, leased, dead
const redis::Script& counts();
// KEYS: drained. token. → ids
const redis::Script& drain();

}  // namespace ottobot::stores::queue_scripts
