#include "containers/docker/program_archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>

#include <cerrno>
#include <memory>

#include "containers/common/files.hpp"
#include "containers/docker/container_spec.hpp"

namespace ottobot::containers {
namespace {

constexpr std::size_t kLargestProgram = 512 << 20;
constexpr ::mode_t kProgramMode = 0755;

struct ArchiveFree {
  void operator()(::archive* archive) const { ::archive_write_free(archive); }
};
struct EntryFree {
  void operator()(::archive_entry* entry) const { ::archive_entry_free(entry); }
};

la_ssize_t append(::archive*, void* text, const void* bytes, std::size_t size) {
  static_cast<std::string*>(text)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

}  // namespace

Result<std::string> program_archive(const std::string& path, const std::string& name) {
  const auto content = read_text(path, kLargestProgram);
  if (!content) return errno_error("cannot read " + path, errno);
  const auto size = static_cast<la_ssize_t>(content->size());
  std::string tar;
  const std::unique_ptr<::archive, ArchiveFree> writer(::archive_write_new());
  const std::unique_ptr<::archive_entry, EntryFree> entry(::archive_entry_new());
  if (!writer || !entry) return resource_exhausted("no memory for an archive");
  ::archive_write_set_format_ustar(writer.get());
  ::archive_entry_set_pathname(entry.get(), name.c_str());
  ::archive_entry_set_filetype(entry.get(), AE_IFREG);
  ::archive_entry_set_perm(entry.get(), kProgramMode);
  ::archive_entry_set_size(entry.get(), size);
  const bool written = ::archive_write_open(writer.get(), &tar, nullptr, &append, nullptr) == ARCHIVE_OK &&
                       ::archive_write_header(writer.get(), entry.get()) == ARCHIVE_OK &&
                       ::archive_write_data(writer.get(), content->data(), content->size()) == size &&
                       ::archive_write_close(writer.get()) == ARCHIVE_OK;
  if (!written) return internal_error("cannot pack " + path);
  return tar;
}

Result<void> put_program(const Engine& engine, const std::string& container, const std::string& path,
                         const CallContext& ctx) {
  auto tar = program_archive(path, kUploadedProgram + 1);
  if (!tar) return fail(tar.error());
  return engine.put_archive(container, "/", std::move(*tar), ctx);
}

}  // namespace ottobot::containers
