// The first byte says who sends: 0 one that may only look, otherwise its bits say which input messages may pass.
#include "api/rfb_client_filter.hpp"

#include <optional>

#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"

namespace ottobot::fuzz {
namespace {

class BitPolicy final : public api::RfbInputPolicy {
 public:
  explicit BitPolicy(unsigned bits) : bits_(bits) {}
  bool takes_input() override { return may_ = (bits_ >> (asked_++ % 8) & 1) != 0; }
  bool controls() override { return may_; }

 private:
  const unsigned bits_;
  unsigned asked_ = 0;
  bool may_ = false;
};

struct Passed {
  bool sound = true;
  std::string bytes;
  bool operator==(const Passed&) const = default;
};

Passed pass(unsigned bits, const std::vector<std::string_view>& pieces) {
  BitPolicy policy(bits);
  api::RfbClientFilter filter(policy);
  Passed passed;
  for (const std::string_view piece : pieces) passed.sound = filter.feed(piece, passed.bytes);
  return passed;
}

std::size_t number(std::string_view bytes, std::size_t at, int size) {
  std::size_t value = 0;
  for (int i = 0; i < size; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  return value;
}

bool only_asks_about_clipboard(std::string_view message) {
  const std::size_t length = number(message, 4, 4);
  if (length < 0x80000000) return false;
  const std::size_t flags = message.size() < 12 ? 0 : number(message, 8, 4);
  const std::size_t action = flags >> 24;
  return (action & 1) != 0 ? 0x100000000 - length <= 68 : action == 2 || action == 4;
}

// Of a message that somebody who may only look may send, read with other eyes than the filter's; nullopt = none of
// those.
std::optional<std::size_t> length_of_look(std::string_view message) {
  const auto long_enough = [&](std::size_t bytes) { return message.size() >= bytes; };
  switch (static_cast<unsigned char>(message[0])) {
    case 0:
      return 20;
    case 2:
      return long_enough(4) ? 4 + 4 * number(message, 2, 2) : 4;
    case 3:
    case 150:
      return 10;
    case 6:
      if (!long_enough(12) || !only_asks_about_clipboard(message)) return std::nullopt;
      return 8 + (0x100000000 - number(message, 4, 4));
    case 248:
      return long_enough(9) ? 9 + number(message, 8, 1) : 9;
    default:
      return std::nullopt;
  }
}

void require_only_looks(std::string_view passed) {
  if (passed.size() < 12) return;
  const std::size_t handshake = passed.substr(0, 12) == "RFB 003.003\n" ? 13 : 14;
  if (passed.size() < handshake) return;
  require(passed[handshake - 1] == 1, "nobody gets the desktop alone");
  passed.remove_prefix(handshake);
  while (!passed.empty()) {
    const auto length = length_of_look(passed);
    require(length.has_value(), "who may only look sends no input");
    passed.remove_prefix(std::min(passed.size(), *length));
  }
}

}  // namespace

void rfb_client(std::string_view input) {
  if (input.empty()) return;
  const unsigned bits = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  const Passed whole = pass(bits, {input});
  require(whole == pass(bits, pieces_of(input)), "splitting does not change what passes");
  require(pass(0xff, {whole.bytes}) == Passed{true, whole.bytes}, "what passes is sound, and passes as it is");
  const Passed looks = pass(0, {input});
  require(looks.bytes.size() <= input.size(), "nothing is made up");
  require_only_looks(looks.bytes);
}

}  // namespace ottobot::fuzz
