#include "sandboxd/listing.hpp"

#include <fcntl.h>

#include <array>
#include <climits>

#include "ottobot/clock.hpp"
#include "sandboxd/files.hpp"
#include "sandboxd/names.hpp"

namespace ottobot::sandboxd {
namespace {
constexpr std::size_t kMaxEntries = 5000;  // of one listing; find_files looks further
}

Result<Json> list_folder(const Workspace& workspace, std::string_view path) {
  auto folder = workspace.open_path(path, O_RDONLY | O_DIRECTORY);
  if (!folder) return fail(folder.error());
  auto entries = list_directory(folder->get());
  if (!entries) return fail(entries.error(), path);
  Json listed = Json::array();
  for (const DirectoryEntry& entry : *entries) {
    if (listed.size() == kMaxEntries) break;
    auto modified = std::int64_t{entry.info.st_mtim.tv_sec} * 1000 + entry.info.st_mtim.tv_nsec / 1'000'000;
    Json item = {{"name", shown_name(entry.name)},
                 {"type", type_name(entry.info)},
                 {"size_bytes", entry.info.st_size},
                 {"modified_at", to_rfc3339(modified)}};
    std::array<char, PATH_MAX> target{};
    if (S_ISLNK(entry.info.st_mode)) {
      ssize_t length = ::readlinkat(folder->get(), entry.name.c_str(), target.data(), target.size());
      if (length > 0) item["target"] = shown_name({target.data(), static_cast<std::size_t>(length)});
    }
    listed.push_back(std::move(item));
  }
  auto shown = workspace.relative(Workspace::real_path(folder->get()));
  const bool truncated = listed.size() < entries->size();
  Json listing{{"path", shown_name(shown.value_or(std::string(path)))}, {"entries", std::move(listed)}};
  if (truncated) {
    listing["truncated"] = true;
    listing["total"] = entries->size();
  }
  return listing;
}

}  // namespace ottobot::sandboxd
