// read_file.
#include <algorithm>

#include "sandboxd/file_lines.hpp"
#include "sandboxd/names.hpp"
#include "sandboxd/text.hpp"
#include "sandboxd/tool.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kSniffedBytes = 8192;

using namespace std::string_view_literals;

struct Signature {
  std::string_view bytes, kind;
};
constexpr Signature kSignatures[] = {
    {"\x89PNG"sv, "PNG image"},
    {"\xff\xd8\xff"sv, "JPEG image"},
    {"GIF8"sv, "GIF image"},
    {"\x7f\x45LF"sv, "ELF program"},
    {"PK\x03\x04"sv, "zip archive"},
    {"\x1f\x8b"sv, "gzip data"},
    {"%PDF"sv, "PDF document"},
    {"SQLite format 3"sv, "SQLite database"},
    {"\xff\xfe"sv, "text in UTF-16 (iconv -f UTF-16 -t UTF-8 makes it readable)"},
    {"\xfe\xff"sv, "text in UTF-16 (iconv -f UTF-16 -t UTF-8 makes it readable)"},
};

std::string_view kind_of(std::string_view bytes) {
  for (const Signature& signature : kSignatures) {
    if (bytes.substr(0, signature.bytes.size()) == signature.bytes) return signature.kind;
  }
  return "binary file";
}

std::string lines_text(const ShownLines& lines, const LineRange& range, std::uint64_t file_bytes) {
  if (lines.behind_end) {
    if (range.first == 1) return "";  // an empty file
    return lines.in_file == 0 ? "[the file is empty]" : "[the file has only " + counted(lines.in_file, "line") + "]";
  }
  std::string text = lines.text;
  auto note = [&text](const std::string& what) {
    if (text.back() != '\n') text += '\n';
    text += "[… " + what + " …]";
  };
  if (lines.cut_line) {
    note("clipped: line " + std::to_string(lines.last) + " is too long to show; these are its first " +
         counted(count_chars(lines.text), "character") + ", of a file of " + human_bytes(file_bytes) +
         "; see the rest with a command such as cut -c, go on with offset=" + std::to_string(lines.last + 1));
  } else if (lines.more) {
    note("clipped: lines " + std::to_string(range.first) + "–" + std::to_string(lines.last) + " of a file of " +
         human_bytes(file_bytes) + "; read on with offset=" + std::to_string(lines.last + 1));
  }
  if (lines.replaced) note("not all of it is UTF-8: \xEF\xBF\xBD stands for other bytes");
  return text;
}

Result<LineRange> read_range_of(const Json& args) {
  std::int64_t offset = get_int(args, "offset", 1);
  std::int64_t limit = get_int(args, "limit", 0);
  if (offset < 1) return invalid_field("offset", "is the number of a line: the first is 1");
  if (limit < (find_member(args, "limit") != nullptr ? 1 : 0)) return invalid_field("limit", "must be at least 1");
  return LineRange{static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(limit), kMaxOutputChars};
}

Result<mcp::CallToolResult> read_file(const ToolWorld& world, const ToolScope& scope) {
  auto path = required_string(scope.args, "path");
  if (!path) return fail(path.error());
  auto range = read_range_of(scope.args);
  if (!range) return fail(range.error());
  auto outputs = outputs_named_by(world, *path);
  auto file = open_regular(outputs ? *outputs : world.workspace, *path);
  if (!file) return fail(file.error());
  auto size = static_cast<std::uint64_t>(file->info.st_size);
  auto start = read_range(file->fd.get(), 0, std::min<std::uint64_t>(size, kSniffedBytes));
  if (!start) return fail(start.error(), *path);
  if (!outputs) {
    world.marks.saw(file->path, stamp_of(file->info));
    if (looks_binary(*start)) {
      return mcp::text_result("[" + std::string(kind_of(*start)) + ", " + human_bytes(size) +
                              "; not shown: use a command to inspect it]");
    }
  }
  auto lines = read_lines(file->fd.get(), size, *start, *range, scope.ctx);
  if (!lines) return fail(lines.error(), *path);
  return mcp::text_result(lines_text(*lines, *range, size));
}

}  // namespace

std::vector<SandboxTool> make_read_tools(const ToolWorld& world) {
  return {
      {"files",
       describe_tool("read_file",
                     "Read a text file, whole or some of its lines. Up to 30000 characters at once: a longer one is "
                     "clipped and says with which offset to read on. Of a binary file it gives kind and size.",
                     {{"path", "string", "Path in the workspace, or full_output_path of a command"},
                      {"offset", "integer", "First line to read, from 1; 1 when left out", false, 1},
                      {"limit", "integer", "Number of lines to read; all when left out", false, 1}},
                     kReadOnly),
       [world](const ToolScope& scope) { return read_file(world, scope); }}};
}

}  // namespace ottobot::sandboxd
