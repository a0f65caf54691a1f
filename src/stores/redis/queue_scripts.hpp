// The Lua of the queue, one script for each operation. Each is safe to run twice.
//
// KEYS of all: jobs (a hash: what each job is), waiting (a list), delayed and leased (sorted sets by time); of some a
// fifth. ARGV: now (as kLuaClock takes it), channel, and what is said below.
#pragma once

#include "redis/client.hpp"

namespace ottobot::stores::queue_scripts {

// Three for many at once: first a '1' at the place of each for which it may have been run already and a '0' for all
// others, or nothing when there is none; then, for each, what is said here.
//
// Before the first: now by the clock of who pushes, "" or the mark that was met. id, delay; KEYS: forgotten. → for each
// 1, or 0 when it waits already; or the mark of a queue that was forgotten: nothing was pushed then
const redis::Script& push();
// id, token. → for each 1, or 0 when the lease is no longer held
const redis::Script& complete();
// Before the first: "1" to look for delayed jobs that are due even if others wait. token, ttl. → how many still wait;
// how long until one is due, or -1; for each "attempt:id", or nothing. A look that may have been made before finds the
// job that it got then.
const redis::Script& lease();

// Both: id, token. → 1, or 0 when the lease is no longer held. extend: ttl. fail: attempts at most, backoff, what
// becomes the dead letter, dead letters at most; KEYS: dead (a list).
const redis::Script& extend();
const redis::Script& fail();
// → how many
const redis::Script& recover();
// KEYS: dead. → waiting, delayed, leased, dead
const redis::Script& counts();
// KEYS: drained. token. → ids
const redis::Script& drain();

}  // namespace ottobot::stores::queue_scripts
