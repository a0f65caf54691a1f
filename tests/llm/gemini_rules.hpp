// The Gemini API's rules for a request, enforced to the letter and with its own words.
//
// Stricter than the service where a client could go wrong unnoticed: what was sent with a signature or an id must come
// back with exactly that. One thread at a time.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "ottobot/json.hpp"

namespace ottobot::testing {

class GeminiRules {
 public:
  // The text of the 400 that the request earns; nullopt when nothing is wrong with it.
  std::optional<std::string> check(const Json& request, bool signed_model) const;
  // A part with a signature, or a call with an id, that went out.
  void remember(const Json& part);

 private:
  std::optional<std::string> check_turns(const Json& contents) const;
  std::optional<std::string> check_signatures(const Json& contents) const;
  std::optional<std::string> check_echo(const Json& part) const;

  std::map<std::string, Json> by_signature_, by_call_id_;  // the parts as they were sent
};

}  // namespace ottobot::testing
