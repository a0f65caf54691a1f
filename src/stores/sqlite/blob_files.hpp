// Blobs as files DIR/<session>/<sha256>. A file appears under its name only when it is complete and on disk: it is
// written elsewhere on the same file system, synced and renamed. Constant memory. Thread-safe; a reader or writer is
// used by one thread at a time.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>

#include "ottobot/session_store.hpp"
#include "stores/sqlite/data_dir.hpp"

namespace ottobot::stores {

using SessionExists = std::function<Result<bool>(const std::string& session_id)>;

class BlobFiles {
 public:
  // `exists` is asked before a blob is kept, and of each session with blobs by remove_leftovers().
  BlobFiles(const DataDir& dir, SessionExists exists);

  // What a crash left: unfinished files, blobs of purged sessions.
  Result<void> remove_leftovers();
  Result<std::unique_ptr<BlobWriter>> create(const std::string& session_id);
  Result<std::unique_ptr<BlobReader>> open(const std::string& session_id, const std::string& blob_id) const;
  // Takes a blob away, in no time however large it is; the caller removes the file that it is now. Errors: not_found.
  Result<std::filesystem::path> set_aside(const std::string& session_id, const std::string& blob_id);
  // After the session itself: no blob of it is kept from then on.
  Result<void> remove_session(const std::string& session_id);

 private:
  friend class BlobFileWriter;
  Result<void> keep(const std::filesystem::path& file, const std::string& session_id, const std::string& blob_id);

  const std::filesystem::path blobs_, unfinished_;
  const SessionExists exists_;
  std::mutex mutex_;  // guards the folders in blobs_ against keep and remove_session at once
};

}  // namespace ottobot::stores
