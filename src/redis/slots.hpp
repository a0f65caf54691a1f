// Which slot of a Redis Cluster a key is in, and which node has the slot.
#pragma once

#include <map>
#include <string_view>

#include "redis/reply.hpp"
#include "redis/socket.hpp"

namespace ottobot::redis {

inline constexpr int kSlots = 16384;

// CRC-16 (XMODEM) of the key, or of what is between its first { and the next }.
int slot_of(std::string_view key);

// Answers of `CLUSTER SLOTS`. A value; one thread at a time.
class SlotTable {
 public:
  // `asked`: whose answer it is, for nodes that do not know their own name.
  static SlotTable parse(const ReplyView& reply, const Address& asked);

  bool empty() const { return ranges_.empty(); }
  // nullptr when nobody has the slot.
  const Address* find(int slot) const;
  // What a MOVED says.
  void move(int slot, const Address& to);
  // Every node, once.
  std::vector<Address> nodes() const;

 private:
  struct Range {
    int last = 0;
    Address node;
  };
  std::map<int, Range> ranges_;  // by first slot
};

}  // namespace ottobot::redis
