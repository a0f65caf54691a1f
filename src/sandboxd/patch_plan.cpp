#include "sandboxd/patch_plan.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>

namespace ottobot::sandboxd {
namespace {

// The files as they will be, read on first use.
class Overlay {
 public:
  explicit Overlay(const Workspace& workspace) : workspace_(workspace) {}

  Result<PatchedFile*> file(const std::string& given) {
    auto relative = workspace_.relative(given);
    if (!relative) return fail(relative.error());
    // One name per file, however the patch spells it.
    const std::string path = std::filesystem::path(*relative).lexically_normal().string();
    auto known = std::find_if(files_.begin(), files_.end(), [&](const PatchedFile& file) { return file.path == path; });
    if (known != files_.end()) return &*known;
    auto content = read_whole(workspace_, path);
    if (!content && content.error().code != ErrorCode::not_found) return fail(content.error());
    std::optional<std::string> before;
    if (content) before = std::move(content->bytes);
    files_.push_back({path, before, before});
    return &files_.back();
  }

  Result<void> apply(const FilePatch& patch) {
    auto target = file(patch.path);
    if (!target) return fail(target.error());
    if (patch.kind == FilePatch::Kind::add) return add(**target, patch.content);
    if (!(*target)->after) return not_found("no such file: '" + patch.path + "'");
    if (patch.kind == FilePatch::Kind::remove) {
      (*target)->after.reset();
      return {};
    }
    auto text = apply_hunks(*(*target)->after, patch.hunks);
    if (!text) return fail(text.error(), patch.path);
    if (patch.move_to.empty()) {
      (*target)->after = std::move(*text);
      return {};
    }
    (*target)->after.reset();
    auto moved = file(patch.move_to);
    if (!moved) return fail(moved.error());
    return add(**moved, *text);
  }

  std::vector<PatchedFile> take() { return std::move(files_); }

 private:
  static Result<void> add(PatchedFile& file, const std::string& content) {
    if (file.after) return conflict("'" + file.path + "' is there already", "use '*** Update File' to change it");
    file.after = content;
    return {};
  }

  const Workspace& workspace_;
  std::vector<PatchedFile> files_;
};

Result<void> set_content(const Workspace& workspace, ReadMarks& marks, const std::string& path,
                         const std::optional<std::string>& content) {
  auto place =
      content ? workspace.locate_file(path, Parents::create) : workspace.locate_entry(path, Parents::must_exist);
  if (!place) return fail(place.error());
  if (!content) {
    marks.forget(place->path);
    if (::unlinkat(place->folder.get(), place->name.c_str(), 0) != 0) return errno_error(path, errno);
    return {};
  }
  auto file = PendingFile::create(std::move(*place));
  if (!file) return fail(file.error());
  if (auto written = file->write(*content); !written) return written;
  auto stamp = file->commit();
  if (!stamp) return fail(stamp.error());
  marks.saw(file->place().path, *stamp);
  return {};
}

}  // namespace

Result<std::vector<PatchedFile>> plan_patch(const Workspace& workspace, const std::vector<FilePatch>& patches) {
  Overlay overlay(workspace);
  for (const FilePatch& patch : patches) {
    if (auto applied = overlay.apply(patch); !applied) return fail(applied.error());
  }
  return overlay.take();
}

Result<void> write_patch(const Workspace& workspace, ReadMarks& marks, const std::vector<PatchedFile>& files) {
  for (std::size_t done = 0; done < files.size(); ++done) {
    if (files[done].after == files[done].before) continue;
    auto written = set_content(workspace, marks, files[done].path, files[done].after);
    if (written) continue;
    for (std::size_t back = done; back-- > 0;) {
      if (files[back].after == files[back].before) continue;
      auto undone = set_content(workspace, marks, files[back].path, files[back].before);
      if (!undone) return fail(undone.error(), "the patch was written in part and could not be undone");
    }
    return fail(written.error(), "nothing was changed");
  }
  return {};
}

}  // namespace ottobot::sandboxd
