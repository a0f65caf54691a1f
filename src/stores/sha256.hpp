// The digest that names a blob, piece by piece.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ottobot/error.hpp"

struct evp_md_ctx_st;

namespace ottobot::stores {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void add(std::string_view bytes);
  // 64 lower-case digits; once.
  Result<std::string> hex();

 private:
  evp_md_ctx_st* context_;
  bool ok_ = false;
};

// What hex() can give.
bool is_sha256(std::string_view text);

}  // namespace ottobot::stores
