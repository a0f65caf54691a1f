#include "redis/slots.hpp"

#include <array>
#include <set>

namespace ottobot::redis {
namespace {

constexpr std::array<std::uint16_t, 256> make_crc_table() {
  constexpr std::uint16_t kPolynomial = 0x1021;
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) {
    unsigned crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? crc << 1 ^ kPolynomial : crc << 1;
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}

constexpr auto kCrcTable = make_crc_table();

std::string_view hashed_part(std::string_view key) {
  const auto open = key.find('{');
  if (open == std::string_view::npos) return key;
  const auto close = key.find('}', open);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

}  // namespace

int slot_of(std::string_view key) {
  unsigned crc = 0;
  for (const char c : hashed_part(key)) {
    crc = (crc << 8 ^ kCrcTable[(crc >> 8 ^ static_cast<unsigned char>(c)) & 0xff]) & 0xffff;
  }
  return static_cast<int>(crc % kSlots);
}

SlotTable SlotTable::parse(const ReplyView& reply, const Address& asked) {
  SlotTable table;
  for (std::size_t n = 0; n < reply.size(); ++n) {
    const ReplyView range = reply[n], primary = range[2];
    Address node{primary[0].str(), static_cast<int>(primary[1].number()), {}};
    if (node.host.empty()) node.host = asked.host;
    const auto first = static_cast<int>(range[0].number()), last = static_cast<int>(range[1].number());
    table.ranges_.insert_or_assign(first, Range{last, std::move(node)});
  }
  return table;
}

const Address* SlotTable::find(int slot) const {
  auto range = ranges_.upper_bound(slot);
  if (range == ranges_.begin()) return nullptr;
  --range;
  return slot <= range->second.last ? &range->second.node : nullptr;
}

void SlotTable::move(int slot, const Address& to) {
  if (const Address* now = find(slot); now != nullptr) {
    const auto range = std::prev(ranges_.upper_bound(slot));
    const Range rest = range->second;
    range->second.last = slot - 1;
    if (range->first == slot) ranges_.erase(range);
    if (slot < rest.last) ranges_.emplace(slot + 1, rest);
  }
  ranges_.insert_or_assign(slot, Range{slot, to});
}

std::vector<Address> SlotTable::nodes() const {
  std::set<Address> nodes;
  for (const auto& [first, range] : ranges_) nodes.insert(range.node);
  return {nodes.begin(), nodes.end()};
}

}  // namespace ottobot::redis
