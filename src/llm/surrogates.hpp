// UTF-16 in JSON's escapes.
#pragma once

#include <string>

namespace ottobot::llm {

// JSON text in which every \uD800…\uDFFF escape is half of a pair: one that stands alone becomes \uFFFD. Vendors and
// gateways that count in UTF-16 cut pairs in two; no JSON reader takes what is left.
std::string with_whole_surrogates(std::string json);

}  // namespace ottobot::llm
