#include "stores/sha256.hpp"

#include <openssl/evp.h>

#include <array>

namespace ottobot::stores {

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  ok_ = context_ != nullptr && EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1;
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_); }

void Sha256::add(std::string_view bytes) {
  ok_ = ok_ && EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1;
}

Result<std::string> Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  ok_ = ok_ && EVP_DigestFinal_ex(context_, digest.data(), &size) == 1;
  if (!ok_) return internal_error("SHA-256 is not available");
  std::string text;
  for (unsigned int n = 0; n < size; ++n) {
    text += "0123456789abcdef"[digest[n] >> 4];
    text += "0123456789abcdef"[digest[n] & 15];
  }
  return text;
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace ottobot::stores
