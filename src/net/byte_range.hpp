// Parts of files over HTTP (RFC 9110 §13 and §14). Pure.
#pragma once

#include <cstdint>
#include <string>

#include "net/http_types.hpp"

namespace ottobot::net {

// What tells one state of a file from another; either may be empty.
struct FileVersion {
  std::string etag;           // strong, with its quotes
  std::string last_modified;  // from http_date()
};

// Whether If-None-Match names `version`: the client has it, so answer 304 with version_headers(), whatever part is
// asked for. Compares as weak (RFC 9110 §13.1.2).
bool is_known_version(const Headers& request, const FileVersion& version);
Headers version_headers(const FileVersion& version);

// The whole of a file, or the one part of it that is asked for.
struct ByteRange {
  std::uint64_t first = 0, length = 0;
  bool partial = false;
  bool unsatisfiable = false;  // the file has nothing there: answer 416
};

// Reads Range and If-Range. What asks for anything but one range of bytes, or for a part of another version, asks for
// the whole.
ByteRange requested_range(const Headers& request, std::uint64_t size_bytes, const FileVersion& version);

// Status and header fields (Content-Length and Content-Range among them) of the answer: 200, 206 or 416. The 416 has no
// Content-Length.
int status_of(const ByteRange& range);
Headers headers_of(const ByteRange& range, std::uint64_t size_bytes, const FileVersion& version);

}  // namespace ottobot::net
