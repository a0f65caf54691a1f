// An archive that somebody uploads into a workspace.
#include <filesystem>

#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "sandboxd/temp_folder.hpp"
#include "sandboxd/zip_reader.hpp"

namespace ottobot::fuzz {
namespace {

namespace fs = std::filesystem;

sandboxd::ByteSource source_of(std::string_view bytes) {
  return [bytes](std::span<char> buffer) mutable -> Result<std::size_t> {
    const std::size_t count = bytes.copy(buffer.data(), buffer.size());
    bytes.remove_prefix(count);
    return count;
  };
}

// Folders may have come without permissions, which keeps others than root from removing what is in them.
void make_removable(const fs::path& folder) {
  std::error_code ignored;
  for (fs::recursive_directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored)) {
    if (entry->symlink_status(ignored).type() != fs::file_type::directory) continue;
    fs::permissions(entry->path(), fs::perms::owner_all, ignored);
  }
}

std::size_t count_in(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

void zip_unpack(std::string_view input) {
  const sandboxd::TempFolder outside;
  const auto workspace = sandboxd::Workspace::open(outside / "work");
  require(workspace.has_value(), "the workspace is there");
  const auto entries = sandboxd::read_zip(*workspace, source_of(input), with_timeout(std::chrono::seconds(10)));
  require(entries || !entries.error().message.empty(), "a refusal says why");
  require(count_in(outside.path()) == 1, "nothing is written outside of the workspace");
  if (entries) {
    const auto again = sandboxd::read_zip(*workspace, source_of(input), with_timeout(std::chrono::seconds(10)));
    require(again && *again == *entries, "unpacking may be repeated");
  }
  make_removable(outside.path());
}

}  // namespace ottobot::fuzz
