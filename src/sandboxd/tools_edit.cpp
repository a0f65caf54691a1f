// edit_file, apply_patch.
#include "sandboxd/edit.hpp"
#include "sandboxd/names.hpp"
#include "sandboxd/patch_plan.hpp"
#include "sandboxd/text.hpp"
#include "sandboxd/tool.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kDiffLines = 12;

Result<FileStamp> replace_file(Place place, std::string_view bytes) {
  auto file = PendingFile::create(std::move(place));
  if (!file) return fail(file.error());
  if (auto written = file->write(bytes); !written) return fail(written.error());
  return file->commit();
}

Result<mcp::CallToolResult> edit_file(const ToolWorld& world, const ToolScope& scope) {
  auto path = required_string(scope.args, "path");
  auto old_text = required_string(scope.args, "old_text");
  auto new_text = required_string(scope.args, "new_text");
  if (!path || !old_text || !new_text) return fail((!path ? path : !old_text ? old_text : new_text).error());
  auto content = read_whole(world.workspace, *path);
  if (!content) return fail(content.error());
  const std::string shown = shown_name(*path);
  if (!world.marks.is_current(content->path, content->stamp)) {
    return conflict("'" + shown + "' has changed since it was last read", "read it again with read_file, then edit");
  }
  if (looks_binary(content->bytes)) return conflict("'" + shown + "' is a binary file", "change it with a command");
  auto place = world.workspace.locate_file(*path, Parents::must_exist);
  if (!place) return fail(place.error());
  auto edited = replace_text(content->bytes, {*old_text, *new_text, get_bool(scope.args, "replace_all")});
  if (!edited) return fail(edited.error(), shown);
  auto stamp = replace_file(std::move(*place), edited->text);
  if (!stamp) return fail(stamp.error());
  world.marks.saw(content->path, *stamp);
  std::string diff = short_diff(content->bytes, edited->text, kDiffLines);
  world.console.file_changed("edit", content->path, diff);
  return mcp::text_result("Successfully edited " + shown + " (" + counted(edited->count, "replacement") + "):\n" +
                          to_valid_utf8(diff));
}

std::string_view verb_of(const PatchedFile& file) {
  if (!file.after) return "delete";
  return file.before ? "edit" : "create";
}

std::string diff_of(const PatchedFile& file) {
  auto bytes = [](const std::optional<FileVersion>& version) { return version ? version->bytes : std::string(); };
  return short_diff(bytes(file.before), bytes(file.after), kDiffLines);
}

Result<mcp::CallToolResult> apply_patch(const ToolWorld& world, const ToolScope& scope) {
  auto text = required_string(scope.args, "patch");
  if (!text) return fail(text.error());
  auto patches = parse_patch(*text);
  if (!patches) return fail(patches.error());
  auto files = plan_patch(world.workspace, world.marks, *patches);
  if (!files) return fail(files.error());
  if (auto written = write_patch(world.workspace, world.marks, *files); !written) return fail(written.error());
  std::string summary;
  for (const PatchedFile& file : *files) {
    if (!file.changes()) continue;
    world.console.file_changed(verb_of(file), file.path, diff_of(file));
    summary.append(verb_of(file)).append(" ").append(shown_name(file.path));
    if (file.unseen && file.after) summary += " (it had changed since you last read it)";
    summary += "\n";
  }
  if (summary.empty()) return mcp::text_result("The patch changes nothing: the files are like this already\n");
  return mcp::text_result("Patch applied:\n" + summary);
}

}  // namespace

std::vector<SandboxTool> make_edit_tools(const ToolWorld& world) {
  return {
      {"files",
       describe_tool("edit_file",
                     "Replace a piece of text in a file. old_text must occur exactly once, unless replace_all is set.",
                     {{"path", "string", "Path in the workspace"},
                      {"old_text", "string", "Text to replace, exactly as in the file"},
                      {"new_text", "string", "Text to put in its place"},
                      {"replace_all", "boolean", "Replace every occurrence", false}},
                     kWrites),
       [world](const ToolScope& scope) { return edit_file(world, scope); }},
      {"files",
       describe_tool("apply_patch",
                     "Change several files at once, all or nothing. Takes '*** Begin Patch' … '*** End Patch' with "
                     "'*** Add File: P' (lines with '+'), '*** Update File: P' (perhaps '*** Move to: Q'; then hunks "
                     "of lines with "
                     "' ', '-', '+', after '@@' or '@@ a line above them'), '*** Delete File: P'; or a unified diff as "
                     "git writes it.",
                     {{"patch", "string", "The patch, whole"}}, kWrites),
       [world](const ToolScope& scope) { return apply_patch(world, scope); }},
  };
}

}  // namespace ottobot::sandboxd
