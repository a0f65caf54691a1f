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

struct Item {
  std::string name;
  unsigned type = AE_IFREG;
  unsigned mode = 0755;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string content;
};

Result<std::string> tar_of(const Item& item) {
  std::string tar;
  const std::unique_ptr<::archive, ArchiveFree> writer(::archive_write_new());
  const std::unique_ptr<::archive_entry, EntryFree> entry(::archive_entry_new());
  if (!writer || !entry) return resource_exhausted("no memory for an archive");
  ::archive_write_set_format_ustar(writer.get());
  ::archive_entry_set_pathname(entry.get(), item.name.c_str());
  ::archive_entry_set_filetype(entry.get(), item.type);
  ::archive_entry_set_perm(entry.get(), static_cast<::mode_t>(item.mode));
  ::archive_entry_set_uid(entry.get(), item.uid);
  ::archive_entry_set_gid(entry.get(), item.gid);
  ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(item.content.size()));
  const auto size = static_cast<la_ssize_t>(item.content.size());
  const bool written = ::archive_write_open(writer.get(), &tar, nullptr, &append, nullptr) == ARCHIVE_OK &&
                       ::archive_write_header(writer.get(), entry.get()) == ARCHIVE_OK &&
                       ::archive_write_data(writer.get(), item.content.data(), item.content.size()) == size &&
                       ::archive_write_close(writer.get()) == ARCHIVE_OK;
  if (!written) return internal_error("cannot pack " + item.name);
  return tar;
}

}  // namespace

Result<std::string> program_archive(const std::string& path, const std::string& name) {
  auto content = read_text(path, kLargestProgram);
  if (!content) return errno_error("cannot read " + path, errno);
  return tar_of({.name = name, .content = std::move(*content)});
}

Result<std::string> folder_archive(uid_t uid, gid_t gid) {
  return tar_of({.name = ".", .type = AE_IFDIR, .uid = uid, .gid = gid});
}

Result<void> put_program(const Engine& engine, const std::string& container, const std::string& path,
                         const CallContext& ctx) {
  const std::string inside = kContainerProgram;
  auto tar = program_archive(path, inside.substr(inside.rfind('/') + 1));
  if (!tar) return fail(tar.error());
  return engine.put_archive(container, kContainerProgramFolder, std::move(*tar), ctx);
}

}  // namespace ottobot::containers
