// Which folder may include what: the layers of docs/architecture.md as a table.
#pragma once

#include <string>
#include <vector>

namespace ottobot::architecture {

struct Include {
  std::string file;    // relative to the repository
  std::string target;  // as written between "" or <>
};

// One sentence per include that breaks a rule; empty = fine.
std::vector<std::string> violations(const std::vector<Include>& includes);

// Every #include of the repository's include/, src/, server/ and examples/.
std::vector<Include> read_includes(const std::string& repository);

}  // namespace ottobot::architecture
