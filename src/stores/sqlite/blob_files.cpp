#include "stores/sqlite/blob_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "ottobot/ids.hpp"
#include "stores/append_rules.hpp"
#include "stores/sha256.hpp"

namespace ottobot::stores {
namespace {

namespace fs = std::filesystem;

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("write blob", errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

class BlobFileReader final : public BlobReader {
 public:
  BlobFileReader(net::UniqueFd fd, std::uint64_t size) : fd_(std::move(fd)), size_(size) {}

  std::uint64_t size_bytes() const override { return size_; }

  Result<void> seek(std::uint64_t offset) override {
    if (offset > size_) return invalid_argument("offset is past the end of the blob");
    position_ = offset;
    return {};
  }

  Result<std::size_t> read(std::span<char> buffer) override {
    ssize_t count = 0;
    do {
      count = ::pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(position_));
    } while (count < 0 && errno == EINTR);
    if (count < 0) return errno_error("read blob", errno);
    position_ += static_cast<std::uint64_t>(count);
    return static_cast<std::size_t>(count);
  }

 private:
  net::UniqueFd fd_;
  std::uint64_t size_ = 0, position_ = 0;
};

}  // namespace

class BlobFileWriter final : public BlobWriter {
 public:
  BlobFileWriter(BlobFiles& files, std::string session_id, fs::path file, net::UniqueFd fd)
      : files_(files), session_id_(std::move(session_id)), file_(std::move(file)), fd_(std::move(fd)) {}
  ~BlobFileWriter() override { ::unlink(file_.c_str()); }  // gone already when it was kept

  Result<void> write(std::string_view bytes) override {
    if (!fd_) return conflict("the blob is committed already");
    digest_.add(bytes);
    return write_all(fd_.get(), bytes);
  }

  Result<std::string> commit() override {
    if (!fd_) return conflict("the blob is committed already");
    auto id = digest_.hex();
    if (!id) return id;
    if (::fsync(fd_.get()) != 0) return errno_error("sync blob", errno);
    fd_.reset();
    if (auto kept = files_.keep(file_, session_id_, *id); !kept) return fail(kept.error());
    return id;
  }

 private:
  BlobFiles& files_;
  const std::string session_id_;
  const fs::path file_;
  net::UniqueFd fd_;
  Sha256 digest_;
};

BlobFiles::BlobFiles(const DataDir& dir, SessionExists exists)
    : blobs_(dir.blobs()), unfinished_(dir.unfinished()), exists_(std::move(exists)) {}

Result<void> BlobFiles::remove_leftovers() {
  try {
    for (const auto& entry : fs::directory_iterator(unfinished_)) fs::remove_all(entry.path());
    for (const auto& entry : fs::directory_iterator(blobs_)) {
      const auto exists = exists_(entry.path().filename().string());
      if (!exists) return fail(exists.error());
      if (!*exists) fs::remove_all(entry.path());
    }
  } catch (const fs::filesystem_error& error) {
    return errno_error(error.path1().string(), error.code().value());
  }
  return {};
}

Result<std::unique_ptr<BlobWriter>> BlobFiles::create(const std::string& session_id) {
  const fs::path file = unfinished_ / new_id();
  net::UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return errno_error("create blob", errno);
  return std::make_unique<BlobFileWriter>(*this, session_id, file, std::move(fd));
}

Result<std::unique_ptr<BlobReader>> BlobFiles::open(const std::string& session_id, const std::string& blob_id) const {
  if (!check_session_id(session_id) || !is_sha256(blob_id)) return no_blob(session_id, blob_id);
  net::UniqueFd fd(::open((blobs_ / session_id / blob_id).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno == ENOENT ? no_blob(session_id, blob_id) : errno_error("open blob", errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return errno_error("open blob", errno);
  return std::make_unique<BlobFileReader>(std::move(fd), static_cast<std::uint64_t>(info.st_size));
}

Result<void> BlobFiles::keep(const fs::path& file, const std::string& session_id, const std::string& blob_id) {
  const fs::path folder = blobs_ / session_id;
  {
    std::lock_guard lock(mutex_);
    const auto exists = exists_(session_id);
    if (!exists) return fail(exists.error());
    if (!*exists) return no_session(session_id);
    if (::mkdir(folder.c_str(), 0700) == 0) {
      if (auto synced = sync_directory(blobs_); !synced) return synced;
    } else if (errno != EEXIST) {
      return errno_error("create " + folder.string(), errno);
    }
    if (::rename(file.c_str(), (folder / blob_id).c_str()) != 0) return errno_error("keep blob", errno);
  }
  return sync_directory(folder);
}

Result<fs::path> BlobFiles::set_aside(const std::string& session_id, const std::string& blob_id) {
  if (!check_session_id(session_id) || !is_sha256(blob_id)) return no_blob(session_id, blob_id);
  fs::path aside = unfinished_ / new_id();
  if (::rename((blobs_ / session_id / blob_id).c_str(), aside.c_str()) == 0) return aside;
  return errno == ENOENT ? no_blob(session_id, blob_id) : errno_error("remove blob", errno);
}

Result<void> BlobFiles::remove_session(const std::string& session_id) {
  std::lock_guard lock(mutex_);
  std::error_code error;
  fs::remove_all(blobs_ / session_id, error);
  if (error) return errno_error("remove blobs of session " + session_id, error.value());
  return {};
}

}  // namespace ottobot::stores
