#include "ottobot/ids.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>

namespace ottobot {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
// The same characters in the order of their codes.
constexpr std::string_view kOrderedAlphabet = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kIdLength = 21;
constexpr std::size_t kTimeLength = 7;  // milliseconds since 1970 until the year 2109

void fill_random(unsigned char* buffer, std::size_t size) {
  for (std::size_t have = 0; have < size;) {
    const ssize_t got = ::getrandom(buffer + have, size - have, 0);
    if (got > 0)
      have += static_cast<std::size_t>(got);
    else if (errno != EINTR)
      std::abort();  // no randomness: no id of ours would be safe
  }
}

// Random bytes for ids, fetched for several at once: a system call for each id would be a large part of its cost.
struct RandomBytes {
  std::array<unsigned char, 16 * kIdLength> bytes{};
  std::size_t left = 0;
};
thread_local RandomBytes random_bytes;

// A forked child would go on with the bytes of its parent, and give the same ids.
[[maybe_unused]] const int forget_after_fork = ::pthread_atfork(nullptr, nullptr, [] { random_bytes.left = 0; });

unsigned char random_byte() {
  if (random_bytes.left == 0) {
    fill_random(random_bytes.bytes.data(), random_bytes.bytes.size());
    random_bytes.left = random_bytes.bytes.size();
  }
  return random_bytes.bytes[--random_bytes.left];
}

std::string to_hex(const unsigned char* bytes, std::size_t size) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(size * 2);
  for (std::size_t i = 0; i < size; ++i) {
    hex += kDigits[bytes[i] >> 4];
    hex += kDigits[bytes[i] & 15];
  }
  return hex;
}

}  // namespace

std::string new_id() {
  std::string id(kIdLength, '\0');
  for (char& c : id) c = kAlphabet[random_byte() & 63];
  while (id.front() == '-') id.front() = kAlphabet[random_byte() & 63];  // it would be an option on a command line
  return id;
}

std::string new_event_id() {
  std::string id = new_id();
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  auto millis = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count());
  for (std::size_t i = kTimeLength; i-- > 0; millis >>= 6) id[i] = kOrderedAlphabet[millis & 63];
  return id;
}

bool is_valid_id(std::string_view id) {
  return id.size() == kIdLength && id.find_first_not_of(kAlphabet) == std::string_view::npos;
}

std::string new_secret(std::size_t bytes) {
  std::string random(bytes, '\0');
  fill_random(reinterpret_cast<unsigned char*>(random.data()), bytes);
  return to_hex(reinterpret_cast<const unsigned char*>(random.data()), bytes);
}

std::string sha256_hex(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return to_hex(digest, sizeof digest);
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  unsigned int size = 0;
  const bool done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                         reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest, &size) != nullptr;
  if (!done || size != sizeof digest) std::abort();  // out of memory: nothing may pass for signed
  return {reinterpret_cast<const char*>(digest), size};
}

bool constant_time_equals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace ottobot
