// The web page of this folder, as it was built into the program.
#pragma once

#include <vector>

#include "ottobot/page_file.hpp"

namespace ottobot::cli {

// Empty when it was built without npm.
std::vector<PageFile> page_files();

}  // namespace ottobot::cli
