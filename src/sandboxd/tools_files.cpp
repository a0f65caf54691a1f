// read_file, write_file, list_files, create_directory, delete_file.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "sandboxd/edit.hpp"
#include "sandboxd/listing.hpp"
#include "sandboxd/text.hpp"
#include "sandboxd/tool.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kMaxReadChars = 100000;
constexpr std::uint64_t kMaxReadBytes = 16U << 20U;  // beyond it a part has to be named by a command
constexpr std::size_t kDiffLines = 12;

std::string_view kind_of(std::string_view bytes) {
  using namespace std::string_view_literals;
  static constexpr std::pair<std::string_view, std::string_view> kSignatures[] = {
      {"\x89PNG"sv, "PNG image"},
      {"\xff\xd8\xff"sv, "JPEG image"},
      {"GIF8"sv, "GIF image"},
      {"\x7f"
       "ELF"sv,
       "ELF program"},
      {"PK\x03\x04"sv, "zip archive"},
      {"\x1f\x8b"sv, "gzip data"},
      {"%PDF"sv, "PDF document"},
      {"SQLite format 3"sv, "SQLite database"},
  };
  for (const auto& [signature, name] : kSignatures) {
    if (bytes.substr(0, signature.size()) == signature) return name;
  }
  return "binary file";
}

// The lines [offset, offset + limit) counted from 1, at most kMaxReadChars of them, and a note of what is left out.
std::string shown_lines(const std::string& text, std::int64_t offset, std::int64_t limit, std::uint64_t file_bytes) {
  auto lines = split_lines(text);
  std::size_t begin = std::min(lines.size(), static_cast<std::size_t>(std::max<std::int64_t>(offset, 1) - 1));
  std::size_t end = limit > 0 ? std::min(lines.size(), begin + static_cast<std::size_t>(limit)) : lines.size();
  std::string shown;
  std::size_t chars = 0;
  std::size_t line = begin;
  for (; line < end; ++line) {
    std::size_t length = count_chars(lines[line]);
    if (chars + length > kMaxReadChars) break;
    shown += lines[line];
    chars += length;
  }
  if (line == begin && begin < end) shown = std::string(first_chars(lines[line++], kMaxReadChars));
  bool cut = line < end || text.size() < file_bytes;
  if (lines.empty() || (begin >= lines.size() && offset > 1)) {
    return offset > 1 ? "[the file has only " + std::to_string(lines.size()) + " lines]" : "";
  }
  if (!cut) return shown;
  if (shown.back() != '\n') shown += '\n';
  return shown + "[… clipped: lines " + std::to_string(begin + 1) + "–" + std::to_string(line) + " of a file of " +
         human_bytes(file_bytes) + "; read on with offset=" + std::to_string(line + 1) + " …]";
}

// Output files of commands may be read too: results name them.
Result<OpenFile> open_readable(const ToolWorld& world, const std::string& path) {
  auto file = open_regular(world.workspace, path);
  if (file || path.front() != '/' || world.output_folder.empty()) return file;
  auto outputs = Workspace::open(world.output_folder);
  auto output = outputs ? open_regular(*outputs, path) : Result<OpenFile>(fail(outputs.error()));
  return output ? std::move(output) : std::move(file);
}

Result<mcp::CallToolResult> read_file(const ToolWorld& world, const ToolScope& scope) {
  auto path = required_string(scope.args, "path");
  if (!path) return fail(path.error());
  auto file = path->empty() ? open_regular(world.workspace, *path) : open_readable(world, *path);
  if (!file) return fail(file.error());
  auto size = static_cast<std::uint64_t>(file->info.st_size);
  auto bytes = read_range(file->fd.get(), 0, std::min(size, kMaxReadBytes));
  if (!bytes) return fail(bytes.error(), *path);
  std::string real = Workspace::real_path(file->fd.get());
  world.marks.saw(world.workspace.relative(real).value_or(real), stamp_of(file->info));
  if (looks_binary(*bytes)) {
    return mcp::text_result("[" + std::string(kind_of(*bytes)) + ", " + human_bytes(size) +
                            "; not shown: use a command to inspect it]");
  }
  std::string text = to_valid_utf8(*bytes);
  return mcp::text_result(shown_lines(text, get_int(scope.args, "offset", 1), get_int(scope.args, "limit"),
                                      size > kMaxReadBytes ? size : text.size()));
}

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
  return mcp::text_result((before ? "Wrote " : "Created ") + to_valid_utf8(file->place().path) + " (" +
                          human_bytes(content->size()) + ")");
}

std::string listed_line(const Json& entry) {
  std::string type = get_string(entry, "type");
  std::string name = get_string(entry, "name");
  if (type == "directory") return name + "/\n";
  if (type == "symlink") return name + " -> " + get_string(entry, "target") + "\n";
  return name + "  (" + human_bytes(static_cast<std::uint64_t>(get_int(entry, "size_bytes"))) + ")\n";
}

Result<mcp::CallToolResult> list_files(const ToolWorld& world, const ToolScope& scope) {
  std::string path = get_string(scope.args, "path");
  auto listing = list_folder(world.workspace, path.empty() ? "." : path);
  if (!listing) return fail(listing.error());
  std::string text;
  for (const Json& entry : (*listing)["entries"]) text += listed_line(entry);
  if (text.empty()) text = "(empty folder)";
  if (get_bool(*listing, "truncated")) text += "… and more; use find_files to look for names\n";
  mcp::CallToolResult result = mcp::text_result(clip_middle({text, "", 0}, kMaxOutputChars, "").text);
  result.structured = std::move(*listing);
  return result;
}

Result<mcp::CallToolResult> create_directory(const ToolWorld& world, const ToolScope& scope) {
  auto path = required_string(scope.args, "path");
  if (!path) return fail(path.error());
  if (auto there = world.workspace.open_path(*path, O_PATH | O_DIRECTORY)) {
    return mcp::text_result("The folder " + *path + " exists already");
  }
  auto place = world.workspace.locate_entry(*path, Parents::create);
  if (!place) return fail(place.error());
  if (::mkdirat(place->folder.get(), place->name.c_str(), 0777) != 0) {
    if (errno == EEXIST) return conflict("'" + *path + "' is there and is not a folder");
    return errno_error(*path, errno);
  }
  return mcp::text_result("Created folder " + to_valid_utf8(place->path));
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
    if (errno == ENOENT) return not_found("no such file: '" + *path + "'");
    if (errno == ENOTEMPTY)
      return conflict("the folder '" + *path + "' is not empty", "use a command to delete folders");
    return errno_error(*path, errno);
  }
  world.marks.forget(place->path);
  world.console.file_changed("delete", place->path, "");
  return mcp::text_result("Deleted " + to_valid_utf8(place->path));
}

}  // namespace

std::vector<SandboxTool> make_file_tools(const ToolWorld& world) {
  const Argument path{"path", "string", "Path in the workspace"};
  auto bound = [world](auto function) {
    return [world, function](const ToolScope& scope) { return function(world, scope); };
  };
  return {
      {"files",
       describe_tool("read_file", "Read a text file of the workspace. Long files are clipped: read on with offset.",
                     {path,
                      {"offset", "integer", "First line to read, from 1", false},
                      {"limit", "integer", "Number of lines to read", false}},
                     kReadOnly),
       bound(read_file)},
      {"files",
       describe_tool("write_file", "Create or overwrite a file. Missing folders are created.",
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
