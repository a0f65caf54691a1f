#include "sandboxd/files.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "ottobot/ids.hpp"
#include "sandboxd/names.hpp"
#include "sandboxd/text.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kFirstBytes = 16 << 10;
constexpr std::size_t kMaxMarks = 50000;

Failure special_file(std::string_view path, mode_t mode) {
  return invalid_argument("'" + shown_name(path) + "' is " + special_kind(mode) + ", not a file");
}

}  // namespace

FileStamp stamp_of(const struct stat& info) {
  return {info.st_ino, static_cast<std::uint64_t>(info.st_size),
          std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec};
}

Result<OpenFile> open_regular(const Workspace& workspace, std::string_view path) {
  // Non-blocking: a pipe that nobody writes would hold the caller.
  auto opened = workspace.open_named(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat info {};
  if (!opened) {
    auto there = workspace.open_path(path, O_PATH);  // a socket cannot be opened
    if (there && ::fstat(there->get(), &info) == 0 && S_ISSOCK(info.st_mode)) return special_file(path, info.st_mode);
    return fail(opened.error());
  }
  OpenFile file{std::move(opened->fd), std::move(opened->path), {}};
  if (::fstat(file.fd.get(), &file.info) != 0) return errno_error(path, errno);
  if (S_ISDIR(file.info.st_mode))
    return conflict("'" + shown_name(path) + "' is a folder", "use list_files for folders");
  if (!S_ISREG(file.info.st_mode)) return special_file(path, file.info.st_mode);
  return file;
}

// Grown with what is there: most files are far smaller than what is asked for at most.
Result<std::string> read_range(int fd, std::uint64_t offset, std::size_t count) {
  std::string bytes;
  std::size_t filled = 0;
  while (filled < count) {
    if (filled == bytes.size()) bytes.resize(std::min(count, std::max(kFirstBytes, filled * 4)));
    ssize_t got = ::pread(fd, bytes.data() + filled, bytes.size() - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read", errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

Result<FileContent> read_whole(const Workspace& workspace, std::string_view path) {
  auto file = open_regular(workspace, path);
  if (!file) return fail(file.error());
  auto size = static_cast<std::uint64_t>(file->info.st_size);
  if (size > kMaxFileBytes) {
    return resource_exhausted(
        "'" + std::string(path) + "' has " + human_bytes(size) + ", more than the file tools handle",
        "use a command for files of this size");
  }
  auto bytes = read_range(file->fd.get(), 0, size);
  if (!bytes) return fail(bytes.error(), path);
  return FileContent{std::move(*bytes), std::move(file->path), stamp_of(file->info), file->info.st_mode & 07777};
}

PendingFile::PendingFile(Place place, net::UniqueFd fd, std::string temporary)
    : place_(std::move(place)), fd_(std::move(fd)), temporary_(std::move(temporary)) {}

PendingFile::~PendingFile() {
  if (place_.folder && !temporary_.empty()) ::unlinkat(place_.folder.get(), temporary_.c_str(), 0);
}

Result<PendingFile> PendingFile::create(Place place, std::optional<mode_t> mode) {
  std::string temporary = ".ottobot-" + new_id();
  net::UniqueFd fd(::openat(place.folder.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd) return errno_error(shown_name(place.path), errno);
  struct stat old {};
  if (!mode && ::fstatat(place.folder.get(), place.name.c_str(), &old, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISREG(old.st_mode)) {
    mode = old.st_mode & 07777;
  }
  if (mode && ::fchmod(fd.get(), *mode) != 0) {
    int error = errno;
    ::unlinkat(place.folder.get(), temporary.c_str(), 0);
    return errno_error(shown_name(place.path), error);
  }
  return PendingFile(std::move(place), std::move(fd), std::move(temporary));
}

Result<void> PendingFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_error(shown_name(place_.path), errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> PendingFile::set_attributes(mode_t mode, const std::array<timespec, 2>& times) {
  if (::fchmod(fd_.get(), mode) == 0 && ::futimens(fd_.get(), times.data()) == 0) return {};
  return errno_error(shown_name(place_.path), errno);
}

Result<FileStamp> PendingFile::commit() {
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) return errno_error(place_.path, errno);
  int folder = place_.folder.get();
  if (::renameat(folder, temporary_.c_str(), folder, place_.name.c_str()) != 0) {
    if (errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST) return conflict("'" + place_.path + "' is a folder");
    return errno_error(place_.path, errno);
  }
  temporary_.clear();
  return stamp_of(info);
}

std::string_view type_name(const struct stat& info) {
  if (S_ISREG(info.st_mode)) return "file";
  if (S_ISDIR(info.st_mode)) return "directory";
  return S_ISLNK(info.st_mode) ? "symlink" : "other";
}

Result<std::vector<DirectoryEntry>> list_directory(int folder) {
  // A second descriptor: closedir() closes the one it reads.
  net::UniqueFd copy(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* stream = copy ? ::fdopendir(copy.get()) : nullptr;
  if (stream == nullptr) return errno_error("list", errno);
  copy.release();
  std::vector<DirectoryEntry> entries;
  while (const dirent* entry = ::readdir(stream)) {
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    DirectoryEntry found{std::move(name), {}};
    if (::fstatat(folder, found.name.c_str(), &found.info, AT_SYMLINK_NOFOLLOW) == 0)
      entries.push_back(std::move(found));
  }
  ::closedir(stream);
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

namespace {

// One folder of the walk with the entries that are still to be visited.
struct Level {
  net::UniqueFd folder;
  std::string prefix;
  std::vector<DirectoryEntry> entries;
  std::size_t next = 0;
};

}  // namespace

Result<void> walk_tree(net::UniqueFd folder, const WalkVisitor& visitor, const CallContext& ctx) {
  std::vector<Level> levels;
  auto enter = [&](net::UniqueFd fd, const std::string& path) {
    auto entries = fd ? list_directory(fd.get()) : Result<std::vector<DirectoryEntry>>(not_found(path));
    if (!entries && visitor.unreadable) visitor.unreadable(path);
    if (entries) levels.push_back({std::move(fd), path.empty() ? "" : path + "/", std::move(*entries), 0});
  };
  enter(std::move(folder), "");
  while (!levels.empty()) {
    if (auto alive = ctx.check(); !alive) return alive;
    Level& level = levels.back();
    if (level.next == level.entries.size()) {
      levels.pop_back();
      continue;
    }
    const DirectoryEntry& entry = level.entries[level.next++];
    std::string path = level.prefix + entry.name;
    auto walk = visitor.visit(path, entry, level.folder.get());
    if (!walk) return fail(walk.error());
    if (*walk == Walk::skip || !S_ISDIR(entry.info.st_mode)) continue;
    enter(net::UniqueFd(
              ::openat(level.folder.get(), entry.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)),
          path);
  }
  return {};
}

void ReadMarks::saw(const std::string& path, const FileStamp& stamp) {
  std::lock_guard lock(mutex_);
  if (marks_.size() >= kMaxMarks) marks_.clear();
  marks_[path] = stamp;
}

bool ReadMarks::is_current(const std::string& path, const FileStamp& stamp) const {
  std::lock_guard lock(mutex_);
  auto mark = marks_.find(path);
  return mark == marks_.end() || mark->second == stamp;
}

void ReadMarks::forget(const std::string& path) {
  std::lock_guard lock(mutex_);
  marks_.erase(path);
}

}  // namespace ottobot::sandboxd
