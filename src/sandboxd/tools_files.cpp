// write_file, list_files, create_directory, delete_file.
#include <fcntl.h>

#include <cerrno>

#include "sandboxd/edit.hpp"
#include "sandboxd/listing.hpp"
#include "sandboxd/names.hpp"
#include "sandboxd/text.hpp"
#include "sandboxd/tool.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kNoteChars = 200;  // room for what is said about entries that do not fit
constexpr std::size_t kDiffLines = 12;

Result<mcp::CallToolResult> write_file(const ToolWorld& world, const ToolScope& scope) {
  auto path = required_string(scope.args, "path");
  auto content = required_string(scope.args, "content");
  if (!path || !content) return fail((!path ? path : content).error());
  auto before = read_whole(world.workspace, *path);
  auto place = world.workspace.locate_file(*path, Parents::create);
  if (!place) return fail(place.error());
  auto file = PendingFile::create(std::move(*place));
  if (!file) return fail(file.error());
  if (auto written = file->write(*content); !written) return fail(written.error());
  auto stamp = file->commit();
  if (!stamp) return fail(stamp.error());
  world.marks.saw(file->place().path, *stamp);
  std::string old_text = before && !looks_binary(before->bytes) ? before->bytes : "";
  world.console.file_changed(before ? "write" : "create", file->place().path,
                             short_diff(old_text, *content, kDiffLines));
  return mcp::text_result("Successfully wrote " + std::to_string(count_chars(*content)) + " characters to " +
                          shown_name(*path));
}

std::string listed_line(const Json& entry) {
  std::string type = get_string(entry, "type");
  std::string name = listed_name(get_string(entry, "name"));
  if (type == "directory") return "DIR  " + name + "\n";
  if (type == "symlink") return "LINK " + name + " -> " + listed_name(get_string(entry, "target")) + "\n";
  if (type != "file") return "SPECIAL " + name + " (a pipe, socket or device)\n";
  return "FILE " + name + " (" + human_bytes(static_cast<std::uint64_t>(get_int(entry, "size_bytes"))) + ")\n";
}

std::string listing_text(const std::string& path, const Json& listing) {
  std::string text = "Contents of " + shown_name(path) + ":\n";
  const Json& entries = listing["entries"];
  auto total = static_cast<std::uint64_t>(get_int(listing, "total", static_cast<std::int64_t>(entries.size())));
  if (total == 0) return text + "(empty)\n";
  std::uint64_t shown = 0;
  std::size_t chars = count_chars(text);
  for (const Json& entry : entries) {
    std::string line = listed_line(entry);
    chars += count_chars(line);
    if (chars > kMaxOutputChars - kNoteChars) break;
    text += line;
    ++shown;
  }
  if (shown == total) return text;
  return text + "[… " + counted(total - shown, "more entry", "more entries") + " of " + std::to_string(total) +
         ": find_files looks for names …]\n";
}

Result<mcp::CallToolResult> list_files(const ToolWorld& world, const ToolScope& scope) {
  std::string path = get_string(scope.args, "path");
  if (path.empty()) path = ".";
  auto listing = list_folder(world.workspace, path);
  if (!listing) return fail(listing.error());
  mcp::CallToolResult result = mcp::text_result(listing_text(path, *listing));
  result.structured = std::move(*listing);
  return result;
}

Result<mcp::CallToolResult> create_directory(const ToolWorld& world, const ToolScope& scope) {
  auto path = required_string(scope.args, "path");
  if (!path) return fail(path.error());
  if (auto there = world.workspace.open_path(*path, O_PATH | O_DIRECTORY)) {
    return mcp::text_result("Directory " + shown_name(*path) + " exists already");
  }
  auto place = world.workspace.locate_entry(*path, Parents::create);
  if (!place) return fail(place.error());
  if (::mkdirat(place->folder.get(), place->name.c_str(), 0777) != 0) {
    if (errno == EEXIST) return conflict("'" + shown_name(*path) + "' is there and is not a folder");
    return errno_error(*path, errno);
  }
  return mcp::text_result("Successfully created directory " + shown_name(*path));
}

Result<mcp::CallToolResult> delete_file(const ToolWorld& world, const ToolScope& scope) {
  auto path = required_string(scope.args, "path");
  if (!path) return fail(path.error());
  auto place = world.workspace.locate_entry(*path, Parents::must_exist);
  if (!place) return fail(place.error());
  int folder = place->folder.get();
  int removed = ::unlinkat(folder, place->name.c_str(), 0);
  if (removed != 0 && errno == EISDIR) removed = ::unlinkat(folder, place->name.c_str(), AT_REMOVEDIR);
  if (removed != 0) {
    const std::string shown = "'" + shown_name(*path) + "'";
    if (errno == ENOENT) return not_found("no such file: " + shown);
    if (errno == ENOTEMPTY) return conflict("the folder " + shown + " is not empty", "rm -r deletes it with a command");
    return errno_error(shown, errno);
  }
  world.marks.forget(place->path);
  world.console.file_changed("delete", place->path, "");
  return mcp::text_result("Successfully deleted " + shown_name(*path));
}

}  // namespace

std::vector<SandboxTool> make_file_tools(const ToolWorld& world) {
  const Argument path{"path", "string", "Path relative to the workspace, or absolute inside it"};
  auto bound = [world](auto function) {
    return [world, function](const ToolScope& scope) { return function(world, scope); };
  };
  return {
      {"files",
       describe_tool("write_file",
                     "Create or overwrite a file with the given text. Missing folders are created, a file keeps its "
                     "mode. To change "
                     "a part of a file use edit_file.",
                     {path, {"content", "string", "The whole new content"}}, kWrites),
       bound(write_file)},
      {"files",
       describe_tool("list_files", "List one folder of the workspace.",
                     {{"path", "string", "Folder; the workspace itself when left out", false}}, kReadOnly),
       bound(list_files)},
      {"files", describe_tool("create_directory", "Create a folder and those above it.", {path}, kWrites),
       bound(create_directory)},
      {"files", describe_tool("delete_file", "Delete a file, a link or an empty folder.", {path}, kWrites),
       bound(delete_file)},
  };
}

}  // namespace ottobot::sandboxd
