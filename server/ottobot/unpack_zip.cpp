#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "project_output.hpp"
#include "zip/utf8_locale.hpp"

namespace ottobot::cli {
namespace {

namespace fs = std::filesystem;

struct CloseRead {
  void operator()(archive* each) const { ::archive_read_free(each); }
};
struct CloseWrite {
  void operator()(archive* each) const { ::archive_write_free(each); }
};

constexpr std::size_t kBlockBytes = 1 << 16;
constexpr int kFlags = ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_SECURE_NODOTDOT;

Failure broken(archive* source) {
  const char* said = ::archive_error_string(source);
  return data_loss(std::string("the project's zip cannot be unpacked: ") + (said != nullptr ? said : "unknown error"));
}

bool stays_inside(const fs::path& name) {
  if (name.empty() || name.is_absolute()) return false;
  for (const auto& part : name) {
    if (part == "..") return false;
  }
  return true;
}

// It would then lie where that link leads, outside as likely as not.
bool is_below_link(const fs::path& dir, const fs::path& name) {
  fs::path above = dir;
  for (const auto& part : name.parent_path()) {
    above /= part;
    std::error_code error;
    if (fs::is_symlink(fs::symlink_status(above, error))) return true;
  }
  return false;
}

Result<void> make_links(const fs::path& dir, const std::vector<std::pair<fs::path, fs::path>>& links) {
  for (const auto& [name, target] : links) {
    if (is_below_link(dir, name)) return data_loss("the project's zip has a link below another one: " + name.string());
    std::error_code error;
    fs::create_directories((dir / name).parent_path(), error);
    if (!error) fs::create_symlink(target, dir / name, error);
    if (error) return errno_error("cannot make the link " + name.string(), error.value());
  }
  return {};
}

}  // namespace

Result<void> unpack_zip(const fs::path& file, const fs::path& dir) {
  const zip::Utf8Locale names;
  const std::unique_ptr<archive, CloseRead> source(::archive_read_new());
  const std::unique_ptr<archive, CloseWrite> disk(::archive_write_disk_new());
  ::archive_read_support_format_zip(source.get());
  ::archive_write_disk_set_options(disk.get(), kFlags);
  if (::archive_read_open_filename(source.get(), file.c_str(), kBlockBytes) != ARCHIVE_OK) return broken(source.get());
  std::vector<std::pair<fs::path, fs::path>> links;
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = ::archive_read_next_header(source.get(), &entry)) == ARCHIVE_OK) {
    const char* raw_name = ::archive_entry_pathname(entry);
    const fs::path name = raw_name != nullptr ? raw_name : "";
    if (!stays_inside(name)) return data_loss("the project's zip names a file outside of it: " + name.string());
    if (::archive_entry_filetype(entry) == AE_IFLNK) {
      if (const char* target = ::archive_entry_symlink(entry)) links.emplace_back(name, target);
      continue;
    }
    ::archive_entry_set_pathname(entry, (dir / name).c_str());
    ::archive_entry_set_perm(entry, (::archive_entry_perm(entry) & 0777) | 0600);
    if (::archive_read_extract2(source.get(), entry, disk.get()) != ARCHIVE_OK) return broken(source.get());
  }
  if (status != ARCHIVE_EOF) return broken(source.get());
  return make_links(dir, links);
}

}  // namespace ottobot::cli
