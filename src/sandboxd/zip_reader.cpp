#include "sandboxd/zip_reader.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "net/unnamed_file.hpp"
#include "ottobot/file_names.hpp"
#include "sandboxd/files.hpp"
#include "sandboxd/zip_writer.hpp"
#include "zip/entry_name.hpp"
#include "zip/utf8_locale.hpp"
#include "zip/zip_format.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kChunk = 128U << 10U;
constexpr mode_t kPermissions = 07777;

struct ArchiveFree {
  void operator()(archive* object) const { archive_read_free(object); }
};

// What is left in a zip's local headers says neither modes nor what is a link: the list at its end does. So the archive
// is put aside first, in a file without a name on the workspace's disk.
Result<net::UniqueFd> spool(const Workspace& workspace, const ByteSource& source, const CallContext& ctx) {
  auto file = net::open_unnamed_file(workspace.root());
  if (!file) return file;
  std::string buffer(kChunk, '\0');
  while (true) {
    if (auto alive = ctx.check(); !alive) return fail(alive.error());
    const auto got = source(buffer);
    if (!got) return fail(got.error());
    if (*got == 0) break;
    for (std::string_view left(buffer.data(), *got); !left.empty();) {
      const ssize_t written = ::write(file->get(), left.data(), left.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return errno_error("keeping the archive", errno);
      left.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  if (::lseek(file->get(), 0, SEEK_SET) != 0) return errno_error("keeping the archive", errno);
  return file;
}

class ZipReader {
 public:
  ZipReader() : archive_(archive_read_new()) {}

  // `file` is borrowed for the reader's life.
  Result<void> open(int file) {
    struct stat info {};
    if (::fstat(file, &info) != 0) return errno_error("the archive", errno);
    zip::expect_zip(archive_.get(), static_cast<std::uint64_t>(info.st_size));
    return check(archive_read_open_fd(archive_.get(), file, kChunk));
  }

  // nullptr at the end; valid until the next call.
  Result<archive_entry*> next() {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(archive_.get(), &entry);
    if (status == ARCHIVE_EOF) return nullptr;
    if (auto ok = check(status); !ok) return fail(ok.error());
    return entry;
  }

  // Of the entry; empty at its end.
  Result<std::string_view> data() {
    la_ssize_t got = archive_read_data(archive_.get(), output_.data(), output_.size());
    if (got < 0) return fail(check(ARCHIVE_FATAL).error());
    return std::string_view(output_.data(), static_cast<std::size_t>(got));
  }

 private:
  Result<void> check(int status) const {
    if (status >= ARCHIVE_WARN) return {};
    const char* reason = archive_error_string(archive_.get());
    return invalid_argument(std::string("the archive cannot be read: ") +
                            (reason != nullptr ? reason : "it is broken"));
  }

  std::unique_ptr<archive, ArchiveFree> archive_;
  std::string output_ = std::string(kChunk, '\0');
};

std::array<timespec, 2> times_of(archive_entry* entry) {
  const timespec modified{archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
  return {modified, modified};
}

// One run into the workspace.
class Unpacking {
 public:
  explicit Unpacking(const Workspace& workspace) : workspace_(workspace) {}

  Result<void> add(ZipReader& zip, archive_entry* entry, const CallContext& ctx) {
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) return invalid_argument("the archive has an entry without a readable name");
    std::string path = zip::path_of_entry(name);
    while (path.ends_with('/')) path.pop_back();
    if (path == kSkippedNote) return {};
    auto place = workspace_.locate_bytes(path, Parents::create);
    if (!place) return fail(place.error(), shown_name(path));
    switch (archive_entry_filetype(entry)) {
      case AE_IFDIR:
        return add_folder(*place, entry);
      case AE_IFLNK:
        return add_link(*place, entry);
      case AE_IFREG:
        return add_file(std::move(*place), zip, entry, ctx);
      default:
        return invalid_argument("the archive has an entry of an unknown kind: " + path);
    }
  }

  // A folder's mode may forbid what is done in it, and its time changes with that: both come last, children first.
  Result<void> finish() {
    for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) {
      auto place = workspace_.locate_bytes(folder->path, Parents::must_exist);
      if (!place) return fail(place.error());
      if (!set_mode(*place, folder->mode) ||
          ::utimensat(place->folder.get(), place->name.c_str(), folder->times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
        return errno_error(place->path, errno);
      }
    }
    return {};
  }

 private:
  struct Folder {
    std::string path;  // not a descriptor: there may be more folders than those
    mode_t mode = 0;
    std::array<timespec, 2> times{};
  };

  // Not through a link: somebody may have put one in the folder's place by now.
  static bool set_mode(const Place& place, mode_t mode) {
    const net::UniqueFd folder(
        ::openat(place.folder.get(), place.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (folder) return ::fchmod(folder.get(), mode) == 0;
    return ::fchmodat(place.folder.get(), place.name.c_str(), mode, AT_SYMLINK_NOFOLLOW) == 0;  // may not be read
  }

  Result<void> add_folder(const Place& place, archive_entry* entry) {
    if (::mkdirat(place.folder.get(), place.name.c_str(), 0700) != 0) {
      if (errno != EEXIST) return errno_error(place.path, errno);
      struct stat info {};
      if (::fstatat(place.folder.get(), place.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
          !S_ISDIR(info.st_mode)) {
        return conflict("'" + place.path + "' is in the way of a folder");
      }
      if (!set_mode(place, 0700)) return errno_error(place.path, errno);
    }
    folders_.push_back({place.path, archive_entry_perm(entry) & kPermissions, times_of(entry)});
    return {};
  }

  static Result<void> add_link(const Place& place, archive_entry* entry) {
    const char* target = archive_entry_symlink(entry);
    if (target == nullptr) return invalid_argument("the archive has a link without a readable target: " + place.path);
    if (::unlinkat(place.folder.get(), place.name.c_str(), 0) != 0 && errno != ENOENT) {
      return conflict("'" + place.path + "' is in the way of a link");
    }
    if (::symlinkat(zip::target_of_entry(target).c_str(), place.folder.get(), place.name.c_str()) != 0)
      return errno_error(place.path, errno);
    const auto times = times_of(entry);
    (void)::utimensat(place.folder.get(), place.name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
    return {};
  }

  static Result<void> add_file(Place place, ZipReader& zip, archive_entry* entry, const CallContext& ctx) {
    const mode_t mode = archive_entry_perm(entry) & kPermissions;
    const auto times = times_of(entry);
    auto file = PendingFile::create(std::move(place));
    if (!file) return fail(file.error());
    while (true) {
      if (auto alive = ctx.check(); !alive) return alive;
      auto bytes = zip.data();
      if (!bytes) return fail(bytes.error(), file->place().path);
      if (bytes->empty()) break;
      if (auto written = file->write(*bytes); !written) return written;
    }
    if (auto set = file->set_attributes(mode, times); !set) return set;
    if (auto stamp = file->commit(); !stamp) return fail(stamp.error());
    return {};
  }

  const Workspace& workspace_;
  std::vector<Folder> folders_;
};

}  // namespace

Result<std::size_t> read_zip(const Workspace& workspace, const ByteSource& source, const CallContext& ctx) {
  zip::Utf8Locale locale;
  auto file = spool(workspace, source, ctx);
  if (!file) return fail(file.error());
  ZipReader zip;
  if (auto opened = zip.open(file->get()); !opened) return fail(opened.error());
  Unpacking unpacking(workspace);
  std::size_t entries = 0;
  while (true) {
    if (auto alive = ctx.check(); !alive) return fail(alive.error());
    auto entry = zip.next();
    if (!entry) return fail(entry.error());
    if (*entry == nullptr) break;
    if (auto added = unpacking.add(zip, *entry, ctx); !added) return fail(added.error());
    ++entries;
  }
  if (auto finished = unpacking.finish(); !finished) return fail(finished.error());
  return entries;
}

}  // namespace ottobot::sandboxd
