#include "zip/zip_reader.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <cstdio>

#include "zip/entry_name.hpp"
#include "zip/utf8_locale.hpp"
#include "zip/zip_format.hpp"

namespace ottobot::zip {
namespace {

constexpr std::size_t kChunk = 64 << 10;

struct Free {
  void operator()(::archive* object) const { ::archive_read_free(object); }
};

const char* or_empty(const char* text) { return text == nullptr ? "" : text; }

std::string path_of(::archive_entry* entry) {
  const char* utf8 = ::archive_entry_pathname_utf8(entry);
  std::string path = path_of_entry(utf8 != nullptr ? utf8 : or_empty(::archive_entry_pathname(entry)));
  while (path.ends_with('/')) path.pop_back();
  return path;
}

ZipEntry entry_of(::archive_entry* entry) {
  ZipEntry read;
  read.path = path_of(entry);
  read.size_bytes = static_cast<std::uint64_t>(std::max<la_int64_t>(0, ::archive_entry_size(entry)));
  read.modified_at = static_cast<UnixMillis>(::archive_entry_mtime(entry)) * 1000;
  switch (::archive_entry_filetype(entry)) {
    case AE_IFDIR:
      read.type = EntryType::directory;
      break;
    case AE_IFLNK:
      read.type = EntryType::symlink;
      read.target = target_of_entry(or_empty(::archive_entry_symlink(entry)));
      break;
    default:
      break;
  }
  return read;
}

}  // namespace

// What libarchive calls back into; stays where it is.
class ZipReader::State {
 public:
  explicit State(std::unique_ptr<BlobReader> zip) : zip_(std::move(zip)), archive_(::archive_read_new()) {}

  Result<void> open() {
    ::archive* const object = archive_.get();
    if (object == nullptr) return internal_error("no memory for an archive");
    expect_zip(object, zip_->size_bytes());
    ::archive_read_set_callback_data(object, this);
    ::archive_read_set_read_callback(object, &State::on_read);
    ::archive_read_set_skip_callback(object, &State::on_skip);
    ::archive_read_set_seek_callback(object, &State::on_seek);
    return check(::archive_read_open1(object));
  }

  Result<std::optional<ZipEntry>> next() {
    const Utf8Locale locale;
    ::archive_entry* entry = nullptr;
    const int status = ::archive_read_next_header(archive_.get(), &entry);
    if (status == ARCHIVE_EOF) return std::nullopt;
    if (auto ok = check(status); !ok) return fail(ok.error());
    return entry_of(entry);
  }

  Result<std::size_t> read(std::span<char> buffer) {
    const la_ssize_t got = ::archive_read_data(archive_.get(), buffer.data(), buffer.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    return fail(check(ARCHIVE_FATAL).error());
  }

 private:
  static la_ssize_t on_read(::archive* object, void* self, const void** bytes) {
    auto& state = *static_cast<State*>(self);
    const auto got = state.zip_->read(state.buffer_);
    if (!got) return state.fail_with(object, got.error());
    state.offset_ += *got;
    *bytes = state.buffer_.data();
    return static_cast<la_ssize_t>(*got);
  }

  static la_int64_t on_skip(::archive* object, void* self, la_int64_t count) {
    auto& state = *static_cast<State*>(self);
    const std::uint64_t left = state.zip_->size_bytes() - state.offset_;
    const std::uint64_t step = std::min(left, static_cast<std::uint64_t>(std::max<la_int64_t>(0, count)));
    if (state.seek(object, state.offset_ + step) < 0) return ARCHIVE_FATAL;
    return static_cast<la_int64_t>(step);
  }

  static la_int64_t on_seek(::archive* object, void* self, la_int64_t offset, int whence) {
    auto& state = *static_cast<State*>(self);
    const auto size = static_cast<la_int64_t>(state.zip_->size_bytes());
    if (whence == SEEK_CUR) offset += static_cast<la_int64_t>(state.offset_);
    if (whence == SEEK_END) offset += size;
    return state.seek(object, static_cast<std::uint64_t>(std::clamp<la_int64_t>(offset, 0, size)));
  }

  la_int64_t seek(::archive* object, std::uint64_t offset) {
    if (auto done = zip_->seek(offset); !done) return fail_with(object, done.error());
    offset_ = offset;
    return static_cast<la_int64_t>(offset);
  }

  int fail_with(::archive* object, const Error& error) {
    failed_ = error;
    ::archive_set_error(object, EIO, "%s", error.message.c_str());
    return ARCHIVE_FATAL;
  }

  Result<void> check(int status) const {
    if (failed_) return fail(*failed_);
    if (status >= ARCHIVE_WARN) return {};
    return data_loss(std::string("the archive cannot be read: ") + or_empty(::archive_error_string(archive_.get())));
  }

  std::unique_ptr<BlobReader> zip_;
  std::uint64_t offset_ = 0;
  std::array<char, kChunk> buffer_{};
  std::optional<Error> failed_;  // what the blob said
  std::unique_ptr<::archive, Free> archive_;
};

Result<ZipReader> ZipReader::open(std::unique_ptr<BlobReader> zip) {
  auto state = std::make_unique<State>(std::move(zip));
  if (auto opened = state->open(); !opened) return fail(opened.error());
  return ZipReader(std::move(state));
}

ZipReader::ZipReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ZipReader::ZipReader(ZipReader&&) noexcept = default;
ZipReader& ZipReader::operator=(ZipReader&&) noexcept = default;
ZipReader::~ZipReader() = default;
Result<std::optional<ZipEntry>> ZipReader::next() { return state_->next(); }
Result<std::size_t> ZipReader::read(std::span<char> buffer) { return state_->read(buffer); }

}  // namespace ottobot::zip
