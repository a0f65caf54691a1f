#include "api/upload.hpp"

#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "api/errors.hpp"
#include "api/input.hpp"
#include "net/unnamed_file.hpp"

namespace ottobot::api {
namespace {

constexpr std::size_t kChunk = 64 << 10;

Result<net::UniqueFd> open_temporary() {
  std::error_code no_tmpdir;
  std::filesystem::path folder = std::filesystem::temp_directory_path(no_tmpdir);
  return net::open_unnamed_file(no_tmpdir ? "/tmp" : folder.string());
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_error("the upload could not be kept", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Result<std::optional<Upload>> Upload::receive(Request& request, std::uint64_t max_bytes) {
  auto file = open_temporary();
  if (!file) return fail(file.error());
  std::string buffer(kChunk, '\0');
  std::uint64_t size = 0;
  while (true) {
    const auto got = request.exchange().read(buffer);
    if (!got) {
      answer_unread_body(request, got.error());
      return std::nullopt;
    }
    if (*got == 0) break;
    size += *got;
    if (size > max_bytes) {
      answer_unread_body(request, resource_exhausted("too large").value());
      return std::nullopt;
    }
    if (auto ok = write_all(file->get(), std::string_view(buffer).substr(0, *got)); !ok) return fail(ok.error());
  }
  return Upload(std::move(*file), size);
}

std::function<std::size_t(char*, std::size_t)> Upload::source() const {
  return [fd = file_.get(), offset = off_t{0}](char* buffer, std::size_t size) mutable -> std::size_t {
    const ssize_t got = ::pread(fd, buffer, size, offset);
    if (got <= 0) return 0;
    offset += got;
    return static_cast<std::size_t>(got);
  };
}

}  // namespace ottobot::api
