#include "sandboxd/patch_plan.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "sandboxd/names.hpp"
#include "sandboxd/text.hpp"

namespace ottobot::sandboxd {
namespace {

std::string in_quotes(const std::string& path) { return "'" + shown_name(path) + "'"; }

// The files as they will be, read on first use.
class Overlay {
 public:
  Overlay(const Workspace& workspace, const ReadMarks& marks) : workspace_(workspace), marks_(marks) {}

  Result<void> apply(const FilePatch& patch) {
    auto index = file(patch.path);
    if (!index) return fail(index.error());
    if (patch.kind == FilePatch::Kind::add) return add(*index, {patch.content, patch.mode});
    std::optional<FileVersion>& current = files_[*index].after;
    if (!current) return not_found("no such file: " + in_quotes(patch.path));
    if (patch.kind == FilePatch::Kind::remove) {
      current.reset();
      return {};
    }
    if (!patch.hunks.empty() && looks_binary(current->bytes)) {
      return conflict(in_quotes(patch.path) + " is a binary file", "change it with a command");
    }
    auto text = patch.hunks.empty() ? Result<std::string>(current->bytes) : apply_hunks(current->bytes, patch.hunks);
    if (!text) return fail(text.error(), shown_name(patch.path));
    FileVersion changed{std::move(*text), patch.mode ? patch.mode : current->mode};
    if (patch.move_to.empty()) {
      current = std::move(changed);
      return {};
    }
    if (!patch.copies) current.reset();
    auto target = file(patch.move_to);
    if (!target) return fail(target.error());
    return add(*target, std::move(changed));
  }

  std::vector<PatchedFile> take() { return std::move(files_); }

 private:
  Result<std::size_t> file(const std::string& given) {
    auto relative = workspace_.relative(given);
    if (!relative) return fail(relative.error());
    // One name per file, however the patch spells it.
    const std::string path = std::filesystem::path(*relative).lexically_normal().string();
    auto known = std::find_if(files_.begin(), files_.end(), [&](const PatchedFile& file) { return file.path == path; });
    if (known != files_.end()) return static_cast<std::size_t>(known - files_.begin());
    auto content = read_whole(workspace_, path);
    if (!content && content.error().code != ErrorCode::not_found) return fail(content.error());
    PatchedFile read{path, std::nullopt, std::nullopt, false};
    if (content) {
      read.unseen = !marks_.is_current(content->path, content->stamp);
      read.before = FileVersion{std::move(content->bytes), content->mode};
      read.after = read.before;
    }
    files_.push_back(std::move(read));
    return files_.size() - 1;
  }

  Result<void> add(std::size_t index, FileVersion version) {
    PatchedFile& file = files_[index];
    if (file.after) return conflict(in_quotes(file.path) + " is there already", "update it, or delete it first");
    file.after = std::move(version);
    return {};
  }

  const Workspace& workspace_;
  const ReadMarks& marks_;
  std::vector<PatchedFile> files_;
};

Result<void> set_version(const Workspace& workspace, ReadMarks& marks, const PatchedFile& file,
                         const std::optional<FileVersion>& version) {
  auto place = version ? workspace.locate_file(file.path, Parents::create)
                       : workspace.locate_entry(file.path, Parents::must_exist);
  if (!place) return fail(place.error());
  if (!version) {
    marks.forget(place->path);
    if (::unlinkat(place->folder.get(), place->name.c_str(), 0) != 0) return errno_error(in_quotes(file.path), errno);
    return {};
  }
  auto pending = PendingFile::create(std::move(*place), version->mode);
  if (!pending) return fail(pending.error());
  if (auto written = pending->write(version->bytes); !written) return written;
  auto stamp = pending->commit();
  if (!stamp) return fail(stamp.error());
  if (!file.unseen) marks.saw(pending->place().path, *stamp);
  return {};
}

// The folders above the new files that are not there yet, outer ones first.
std::vector<std::string> missing_folders(const Workspace& workspace, const std::vector<PatchedFile>& files) {
  std::vector<std::string> missing;
  for (const PatchedFile& file : files) {
    for (std::size_t slash = file.path.find('/'); slash != std::string::npos; slash = file.path.find('/', slash + 1)) {
      std::string folder = file.path.substr(0, slash);
      if (file.after && !workspace.open_path(folder, O_PATH)) missing.push_back(std::move(folder));
    }
  }
  return missing;
}

// Folders that something else came into stay.
void remove_folders(const Workspace& workspace, const std::vector<std::string>& folders) {
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    auto place = workspace.locate_entry(*folder, Parents::must_exist);
    if (place) ::unlinkat(place->folder.get(), place->name.c_str(), AT_REMOVEDIR);
  }
}

}  // namespace

Result<std::vector<PatchedFile>> plan_patch(const Workspace& workspace, const ReadMarks& marks,
                                            const std::vector<FilePatch>& patches) {
  Overlay overlay(workspace, marks);
  for (const FilePatch& patch : patches) {
    if (auto applied = overlay.apply(patch); !applied) return fail(applied.error());
  }
  return overlay.take();
}

Result<void> write_patch(const Workspace& workspace, ReadMarks& marks, const std::vector<PatchedFile>& files) {
  const auto new_folders = missing_folders(workspace, files);
  for (std::size_t done = 0; done < files.size(); ++done) {
    if (!files[done].changes()) continue;
    auto written = set_version(workspace, marks, files[done], files[done].after);
    if (written) continue;
    for (std::size_t back = done; back-- > 0;) {
      if (!files[back].changes()) continue;
      auto undone = set_version(workspace, marks, files[back], files[back].before);
      if (!undone) return fail(undone.error(), "the patch was written in part and could not be undone");
    }
    remove_folders(workspace, new_folders);
    return fail(written.error(), "nothing was changed");
  }
  return {};
}

}  // namespace ottobot::sandboxd
