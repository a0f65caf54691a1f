#include "sandboxd/zip_writer.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>

#include <array>
#include <cerrno>
#include <climits>

#include "ottobot/file_names.hpp"
#include "sandboxd/files.hpp"
#include "zip/entry_name.hpp"
#include "zip/utf8_locale.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kChunk = 128U << 10U;

struct ArchiveFree {
  void operator()(archive* object) const { archive_write_free(object); }
};
struct EntryFree {
  void operator()(archive_entry* object) const { archive_entry_free(object); }
};

// libarchive's writer with our sink behind it.
class ZipWriter {
 public:
  explicit ZipWriter(const ByteSink& sink) : sink_(sink), archive_(archive_write_new()), entry_(archive_entry_new()) {}

  Result<void> open(ZipEffort effort) {
    archive_write_set_format_zip(archive_.get());
    archive_write_set_options(archive_.get(), effort == ZipEffort::quick
                                                  ? "zip:compression=deflate,zip:compression-level=1"
                                                  : "zip:compression=deflate,zip:compression-level=6");
    archive_write_set_bytes_per_block(archive_.get(), kChunk);
    archive_write_set_bytes_in_last_block(archive_.get(), 1);
    return check(archive_write_open(archive_.get(), this, nullptr, &ZipWriter::on_bytes, nullptr));
  }

  Result<void> begin(const std::string& path, const struct stat& info, const std::string& link_target) {
    archive_entry_clear(entry_.get());
    archive_entry_copy_stat(entry_.get(), &info);
    archive_entry_copy_pathname(entry_.get(), zip::entry_name(path).c_str());
    if (!link_target.empty()) archive_entry_copy_symlink(entry_.get(), zip::entry_target(link_target).c_str());
    return check(archive_write_header(archive_.get(), entry_.get()));
  }

  Result<void> data(std::string_view bytes) {
    while (!bytes.empty()) {
      la_ssize_t written = archive_write_data(archive_.get(), bytes.data(), bytes.size());
      if (written <= 0) return check(ARCHIVE_FATAL);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<void> close() { return check(archive_write_close(archive_.get())); }

 private:
  static la_ssize_t on_bytes(archive* object, void* self, const void* buffer, std::size_t length) {
    auto* writer = static_cast<ZipWriter*>(self);
    auto sent = writer->failed_ ? *writer->failed_ : writer->sink_({static_cast<const char*>(buffer), length});
    if (sent) return static_cast<la_ssize_t>(length);
    writer->failed_ = sent;
    archive_set_error(object, EIO, "%s", sent.error().message.c_str());
    return -1;
  }

  Result<void> check(int status) const {
    if (failed_) return *failed_;
    if (status >= ARCHIVE_WARN) return {};
    const char* reason = archive_error_string(archive_.get());
    return internal_error(std::string("zip: ") + (reason != nullptr ? reason : "unknown error"));
  }

  const ByteSink& sink_;
  std::optional<Result<void>> failed_;  // what the sink said
  std::unique_ptr<archive, ArchiveFree> archive_;
  std::unique_ptr<archive_entry, EntryFree> entry_;
};

// One run over the workspace.
class WorkspaceZip {
 public:
  WorkspaceZip(ZipWriter& zip, const CallContext& ctx) : zip_(zip), ctx_(ctx), buffer_(kChunk, '\0') {}

  Result<Walk> add(const std::string& path, const DirectoryEntry& entry, int folder) {
    if (S_ISDIR(entry.info.st_mode)) return descend(zip_.begin(path + "/", entry.info, ""));
    if (S_ISLNK(entry.info.st_mode)) return descend(add_link(path, entry, folder));
    if (S_ISREG(entry.info.st_mode)) return descend(add_file(path, entry, folder));
    skipped(path);
    return Walk::skip;
  }
  void skipped(const std::string& path) { skipped_ += shown_name(path) + "\n"; }

  Result<void> finish() {
    if (!skipped_.empty()) {
      std::string note = "These could not be read and are not in this archive:\n" + skipped_;
      struct stat info {};
      info.st_mode = S_IFREG | 0644;
      info.st_size = static_cast<off_t>(note.size());
      info.st_mtime = ::time(nullptr);
      if (auto begun = zip_.begin(kSkippedNote, info, ""); !begun) return begun;
      if (auto written = zip_.data(note); !written) return written;
    }
    return zip_.close();
  }

 private:
  static Result<Walk> descend(Result<void> result) {
    if (!result) return fail(result.error());
    return Walk::descend;
  }

  Result<void> add_link(const std::string& path, const DirectoryEntry& entry, int folder) {
    std::array<char, PATH_MAX> target{};
    ssize_t length = ::readlinkat(folder, entry.name.c_str(), target.data(), target.size() - 1);
    if (length > 0) return zip_.begin(path, entry.info, target.data());
    skipped(path);
    return {};
  }

  // The size promised is the size when it was opened: a file that grows meanwhile is cut there, one that shrinks is
  // filled with zeros.
  Result<void> add_file(const std::string& path, const DirectoryEntry& entry, int folder) {
    net::UniqueFd fd(::openat(folder, entry.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
      skipped(path);
      return {};
    }
    if (auto begun = zip_.begin(path, info, ""); !begun) return begun;
    for (auto left = static_cast<std::uint64_t>(info.st_size); left > 0;) {
      if (auto alive = ctx_.check(); !alive) return alive;
      std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer_.size()));
      ssize_t got = ::read(fd.get(), buffer_.data(), wanted);
      if (got < 0 && errno == EINTR) continue;
      std::size_t length = got > 0 ? static_cast<std::size_t>(got) : wanted;
      if (got <= 0) std::fill(buffer_.begin(), buffer_.end(), '\0');
      if (auto written = zip_.data({buffer_.data(), length}); !written) return written;
      left -= length;
    }
    return {};
  }

  ZipWriter& zip_;
  const CallContext& ctx_;
  std::string buffer_;
  std::string skipped_;
};

}  // namespace

Result<void> write_zip(const Workspace& workspace, ZipEffort effort, const ByteSink& sink, const CallContext& ctx) {
  auto root = workspace.open_path(".", O_RDONLY | O_DIRECTORY);
  if (!root) return fail(root.error());
  const zip::Utf8Locale locale;
  ZipWriter writer(sink);
  if (auto opened = writer.open(effort); !opened) return opened;
  WorkspaceZip zip(writer, ctx);
  WalkVisitor visitor;
  visitor.visit = [&zip](const std::string& path, const DirectoryEntry& entry, int folder) {
    return zip.add(path, entry, folder);
  };
  visitor.unreadable = [&zip](const std::string& path) { zip.skipped(path + "/"); };
  if (auto walked = walk_tree(std::move(*root), visitor, ctx); !walked) return walked;
  return zip.finish();
}

}  // namespace ottobot::sandboxd
