// edit_file, apply_patch.
#include "sandboxd/edit.hpp"
#include "sandboxd/patch_plan.hpp"
#include "sandboxd/tool.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kDiffLines = 12;

Result<mcp::CallToolResult> edit_file(const ToolWorld& world, const ToolScope& scope) {
  auto path = required_string(scope.args, "path");
  auto old_text = required_string(scope.args, "old_text");
  auto new_text = required_string(scope.args, "new_text");
  if (!path || !old_text || !new_text) return fail((!path ? path : !old_text ? old_text : new_text).error());
  auto content = read_whole(world.workspace, *path);
  if (!content) return fail(content.error());
  if (!world.marks.is_current(content->path, content->stamp)) {
    return conflict("'" + *path + "' has changed since it was last read", "read it again with read_file, then edit");
  }
  auto edited = replace_text(content->bytes, {*old_text, *new_text, get_bool(scope.args, "replace_all")});
  if (!edited) return fail(edited.error(), *path);
  auto place = world.workspace.locate_file(*path, Parents::must_exist);
  if (!place) return fail(place.error());
  auto file = PendingFile::create(std::move(*place));
  if (!file) return fail(file.error());
  if (auto written = file->write(edited->text); !written) return fail(written.error());
  auto stamp = file->commit();
  if (!stamp) return fail(stamp.error());
  world.marks.saw(file->place().path, *stamp);
  std::string diff = short_diff(content->bytes, edited->text, kDiffLines);
  world.console.file_changed("edit", file->place().path, diff);
  return mcp::text_result("Edited " + to_valid_utf8(file->place().path) + ": " + std::to_string(edited->count) +
                          (edited->count == 1 ? " replacement\n" : " replacements\n") + to_valid_utf8(diff));
}

std::string_view verb_of(const PatchedFile& file) {
  if (!file.after) return "delete";
  return file.before ? "edit" : "create";
}

Result<mcp::CallToolResult> apply_patch(const ToolWorld& world, const ToolScope& scope) {
  auto text = required_string(scope.args, "patch");
  if (!text) return fail(text.error());
  auto patches = parse_patch(*text);
  if (!patches) return fail(patches.error());
  auto files = plan_patch(world.workspace, *patches);
  if (!files) return fail(files.error());
  if (auto written = write_patch(world.workspace, world.marks, *files); !written) return fail(written.error());
  std::string summary = "Patch applied:\n";
  for (const PatchedFile& file : *files) {
    if (file.before == file.after) continue;
    std::string_view verb = verb_of(file);
    world.console.file_changed(verb, file.path,
                               short_diff(file.before.value_or(""), file.after.value_or(""), kDiffLines));
    summary.append(verb).append(" ").append(to_valid_utf8(file.path)).append("\n");
  }
  return mcp::text_result(summary);
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
       describe_tool(
           "apply_patch",
           "Change several files at once, all or nothing. Takes '*** Begin Patch' … '*** End Patch' with "
           "'*** Add File: P', '*** Update File: P' (hunks after '@@'), '*** Delete File: P'; or a unified diff.",
           {{"patch", "string", "The patch"}}, kWrites),
       [world](const ToolScope& scope) { return apply_patch(world, scope); }},
  };
}

}  // namespace ottobot::sandboxd
