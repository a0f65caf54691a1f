// Names and link targets of a workspace as the entries of its zip.
//
// A zip's names are UTF-8, a workspace's are bytes. What is UTF-8 stands as it is, other bytes as \xHH, as everywhere
// else (ottobot/file_names.hpp). A backslash that would then be read as the beginning of such an escape is \x5c: two
// names never become one, and each comes back as it was. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace ottobot::zip {

// Valid UTF-8. `path` is relative, a folder's may end with '/'. A name with a backslash and without '/' gets "./"
// before it: libarchive, and what is built on it, would take the backslash for Windows' way to write '/'. So does one
// that begins with it, to come back as it was.
std::string entry_name(std::string_view path);
// What entry_name() was given.
std::string path_of_entry(std::string_view name);

std::string entry_target(std::string_view link_target);
std::string target_of_entry(std::string_view target);

}  // namespace ottobot::zip
