// PageFile: a file of the web page that the server gives at `/`. Values only.
//
// Made by whoever builds the page into his program; `ottobot serve` has one. The bytes must live as long as the server.
#pragma once

#include <string>
#include <string_view>

namespace ottobot {

struct PageFile {
  std::string path;          // "index.html", which is `/`; or "assets/…", whose name changes with its content
  std::string_view content;  // as it is
  std::string_view gzip;     // the same, compressed; empty = it is sent as it is to everybody
  std::string hash;          // of the content
};

}  // namespace ottobot
