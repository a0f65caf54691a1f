// Entries of a zip that a store keeps, one after the other, in constant memory.
//
// Seeks: entries that are not read cost nothing but their head. Must not outlive the store; one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "ottobot/clock.hpp"
#include "ottobot/session_store.hpp"

namespace ottobot::zip {

enum class EntryType { file, directory, symlink };

struct ZipEntry {
  std::string path;  // the workspace's bytes; relative, without '/' at its end
  EntryType type = EntryType::file;
  std::uint64_t size_bytes = 0;
  UnixMillis modified_at = 0;
  std::string target;  // of a symlink, the bytes of the workspace's link
};

class ZipReader {
 public:
  // Errors, also below: data_loss (no zip, or a damaged one), those of the blob.
  static Result<ZipReader> open(std::unique_ptr<BlobReader> zip);
  ZipReader(ZipReader&&) noexcept;
  ZipReader& operator=(ZipReader&&) noexcept;
  ~ZipReader();

  // nullopt after the last one.
  Result<std::optional<ZipEntry>> next();
  // The next bytes of the file that next() gave; 0 at its end.
  Result<std::size_t> read(std::span<char> buffer);

 private:
  class State;
  explicit ZipReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ottobot::zip
