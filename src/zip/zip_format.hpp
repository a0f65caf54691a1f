// libarchive's reader of zips by their directory does not know one that has nothing but that.
#pragma once

#include <archive.h>

#include <cstdint>

namespace ottobot::zip {

inline constexpr std::uint64_t kEmptyZipBytes = 22;  // the end of central directory record (APPNOTE 4.3.16)

// Before opening: what is `size_bytes` long shall be read as a zip.
inline void expect_zip(::archive* reader, std::uint64_t size_bytes) {
  if (size_bytes == kEmptyZipBytes) {
    ::archive_read_support_format_zip_streamable(reader);
  } else {
    ::archive_read_support_format_zip_seekable(reader);
  }
}

}  // namespace ottobot::zip
