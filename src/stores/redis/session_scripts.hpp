// The Lua that writes sessions, one script for each operation. Each is safe to run twice.
//
// Answers are arrays whose first element says what came of it. `now` is in Unix milliseconds; "" is Redis' own clock.
#pragma once

#include "redis/client.hpp"
#include "stores/redis/keys.hpp"

namespace ottobot::stores::session_scripts {

// The KEYS that the first two begin with.
redis::Arguments log_keys(const SessionKeys& keys);

// KEYS: log_keys(), sessions, sessions of the user, hosts. ARGV: now, id, channel, created_at, serial, count of row
// fields and these, count of events and these. → made | exists
const redis::Script& create();
// KEYS: log_keys(). ARGV: now, id, channel, epoch or "", last seq or "", counts and values of: patch fields, blobs that
// events name, fields of finished turns, events. → done, last seq, timestamp | known, last seq, timestamp, seq… | part |
// moved, last seq | fenced | missing
const redis::Script& append();
// The same, not refused at maxmemory.
const redis::Script& append_when_full();
// KEYS: log_keys(), sessions, sessions of the user, checkpoint, blobs, hosts. ARGV: id, serial, what a blob's key begins
// with. → gone | missing
const redis::Script& purge();

// KEYS: row, work. ARGV: now, id, owner, ttl. → done, epoch | held, owner | missing
const redis::Script& acquire();
// KEYS: row, work. ARGV: now, id, epoch, ttl; "0" gives it back. → done | fenced
const redis::Script& renew();

// KEYS: row, checkpoint. ARGV: seq, state. → done | missing
const redis::Script& put_checkpoint();

// KEYS: row, events. ARGV: how many of the newest events are looked at. → last seq, 1 when a stop or a delete is among
// them that no turn has ended with
const redis::Script& newest();

// KEYS: upload. ARGV: number of the piece, its bytes, for how long the upload may stand still, ms. → 1
const redis::Script& put_piece();
// KEYS: row, upload, blob, blobs. ARGV: blob id, size, count of the upload's fields with the size's. → done | missing | lost (the upload is gone)
const redis::Script& keep_blob();
// KEYS: row, named blobs, blob, removed blob, blobs. ARGV: epoch, blob id, for how long those who read it may go on, ms.
// → done | missing | fenced | absent | used
const redis::Script& remove_blob();

}  // namespace ottobot::stores::session_scripts
