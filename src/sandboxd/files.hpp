// Reading, writing and walking files of the workspace.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ottobot/call_context.hpp"
#include "sandboxd/workspace.hpp"

namespace ottobot::sandboxd {

// Which version of a file somebody saw.
struct FileStamp {
  std::uint64_t inode = 0, size = 0;
  std::int64_t modified_ns = 0;
  bool operator==(const FileStamp&) const = default;
};
FileStamp stamp_of(const struct stat& info);

struct FileContent {
  std::string bytes;
  std::string path;  // real, relative to the root
  FileStamp stamp;
  mode_t mode = 0;  // permission bits
};

// Files larger than this are not held in memory: read parts of them, or use a command.
inline constexpr std::uint64_t kMaxFileBytes = 64U << 20U;

// The whole file. Errors: those of Workspace, conflict (a folder), invalid_argument (a device, a pipe, a socket),
// resource_exhausted (larger than kMaxFileBytes).
Result<FileContent> read_whole(const Workspace& workspace, std::string_view path);
// An open regular file and what stat says of it. Errors: as read_whole, without the limit.
struct OpenFile {
  net::UniqueFd fd;
  std::string path;  // real, relative to the root
  struct stat info {};
};
Result<OpenFile> open_regular(const Workspace& workspace, std::string_view path);
// Up to `count` bytes from `offset`; shorter at the end of the file.
Result<std::string> read_range(int fd, std::uint64_t offset, std::size_t count);

// A file under a temporary name beside its destination; commit() moves it into place, the destructor removes it. An
// existing file keeps its mode unless one is given. Errors of all: those of the file system (a full disk is
// resource_exhausted).
class PendingFile {
 public:
  static Result<PendingFile> create(Place place, std::optional<mode_t> mode = std::nullopt);
  PendingFile(PendingFile&& other) noexcept = default;
  PendingFile& operator=(PendingFile&&) = delete;
  ~PendingFile();

  Result<void> write(std::string_view bytes);
  // After the last write(); times are those of access and change.
  Result<void> set_attributes(mode_t mode, const std::array<timespec, 2>& times);
  Result<FileStamp> commit();
  const Place& place() const { return place_; }

 private:
  PendingFile(Place place, net::UniqueFd fd, std::string temporary);
  Place place_;
  net::UniqueFd fd_;
  std::string temporary_;  // empty once committed
};

struct DirectoryEntry {
  std::string name;
  struct stat info {};  // of the entry itself, links not followed
};
// "file", "directory", "symlink" or "other".
std::string_view type_name(const struct stat& info);
// Sorted by name. Errors: those of the descriptor.
Result<std::vector<DirectoryEntry>> list_directory(int folder);

enum class Walk { descend, skip };
// Every entry below `folder`, parents first, in order of names; links are not followed. `path` is relative to the
// start. Unreadable folders are passed to `unreadable`. Errors: cancelled, deadline_exceeded, and what `visit` returns.
struct WalkVisitor {
  std::function<Result<Walk>(const std::string& path, const DirectoryEntry& entry, int parent_fd)> visit;
  std::function<void(const std::string& path)> unreadable;
};
Result<void> walk_tree(net::UniqueFd folder, const WalkVisitor& visitor, const CallContext& ctx);

// What the agent last saw of each file. Thread-safe.
class ReadMarks {
 public:
  void saw(const std::string& path, const FileStamp& stamp);
  // False when the agent saw another version than `stamp`; true when it never looked.
  bool is_current(const std::string& path, const FileStamp& stamp) const;
  void forget(const std::string& path);

 private:
  mutable std::mutex mutex_;  // guards marks_
  std::unordered_map<std::string, FileStamp> marks_;
};

}  // namespace ottobot::sandboxd
