// search_files, find_files.
#include <fcntl.h>

#include "sandboxd/glob.hpp"
#include "sandboxd/text.hpp"
#include "sandboxd/text_search.hpp"
#include "sandboxd/tool.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kMaxMatches = 500;
constexpr std::size_t kMaxFiles = 1000;
constexpr std::size_t kMaxLineChars = 400;
constexpr std::uint64_t kMaxSearchedBytes = 16U << 20U;

// Folders that tools fill: thousands of files that nobody wrote. Naming one as `path` looks inside.
bool is_clutter(const DirectoryEntry& entry) {
  return S_ISDIR(entry.info.st_mode) && (entry.name == ".git" || entry.name == "node_modules");
}

// Where to look: a folder, or one file by its folder and name.
struct Start {
  net::UniqueFd folder;
  std::string prefix;     // of shown paths
  std::string only_file;  // empty: everything
};

Result<Start> find_start(const Workspace& workspace, const std::string& path) {
  auto fd = workspace.open_path(path, O_PATH);
  if (!fd) return fail(fd.error());
  struct stat info {};
  ::fstat(fd->get(), &info);
  auto relative = workspace.relative(Workspace::real_path(fd->get()));
  if (!relative) return fail(relative.error());
  Start start;
  start.prefix = *relative == "." ? "" : *relative + "/";
  if (!S_ISDIR(info.st_mode)) {
    std::size_t slash = relative->rfind('/');
    start.only_file = relative->substr(slash + 1);
    start.prefix = slash == std::string::npos ? "" : relative->substr(0, slash + 1);
  }
  auto folder = workspace.open_path(start.prefix.empty() ? "." : start.prefix, O_RDONLY | O_DIRECTORY);
  if (!folder) return fail(folder.error());
  start.folder = std::move(*folder);
  return start;
}

std::string clipped_lines(const std::string& lines, bool complete, std::string_view limit) {
  std::string text = clip_middle({lines, "", 0}, kMaxOutputChars, "").text;
  if (!complete) text.append("[… only the first ").append(limit).append(" are shown: narrow the search …]");
  return text;
}

// The matches of one search, over many files.
class Matches {
 public:
  explicit Matches(const TextSearch& search) : search_(search) {}

  Result<void> look_into(const std::string& shown, int folder, const DirectoryEntry& entry) {
    if (!S_ISREG(entry.info.st_mode) || static_cast<std::uint64_t>(entry.info.st_size) > kMaxSearchedBytes) return {};
    net::UniqueFd fd(::openat(folder, entry.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    auto bytes = fd ? read_range(fd.get(), 0, static_cast<std::size_t>(entry.info.st_size))
                    : Result<std::string>(not_found(shown));
    if (!bytes || looks_binary(*bytes)) return {};  // unreadable ones are not the searcher's problem
    return search_.search(*bytes, [&](std::size_t number, std::string_view line) {
      std::string text = to_valid_utf8(line);
      std::string_view start = first_chars(text, kMaxLineChars);
      lines_ += shown + ":" + std::to_string(number) + ": " + std::string(start) +
                (start.size() < text.size() ? "…\n" : "\n");
      return ++count_ < kMaxMatches;
    });
  }
  bool full() const { return count_ >= kMaxMatches; }
  std::size_t count() const { return count_; }
  const std::string& lines() const { return lines_; }

 private:
  const TextSearch& search_;
  std::string lines_;
  std::size_t count_ = 0;
};

Result<mcp::CallToolResult> search_files(const ToolWorld& world, const ToolScope& scope) {
  auto pattern = required_string(scope.args, "pattern");
  if (!pattern) return fail(pattern.error());
  auto search = TextSearch::compile(*pattern);
  if (!search) return fail(search.error());
  auto glob = Glob::compile(get_string(scope.args, "glob", "*"));
  if (!glob) return fail(glob.error());
  auto start = find_start(world.workspace, get_string(scope.args, "path", "."));
  if (!start) return fail(start.error());
  Matches matches(*search);
  WalkVisitor visitor;
  visitor.visit = [&](const std::string& path, const DirectoryEntry& entry, int folder) -> Result<Walk> {
    if (matches.full() || is_clutter(entry)) return Walk::skip;
    if (!start->only_file.empty() && entry.name != start->only_file) return Walk::skip;
    if (!glob->matches(path)) return Walk::descend;
    auto looked = matches.look_into(start->prefix + path, folder, entry);
    if (!looked) return fail(looked.error());
    return Walk::descend;
  };
  auto walked = walk_tree(std::move(start->folder), visitor, scope.ctx);
  if (!walked) return fail(walked.error());
  if (matches.count() == 0) return mcp::text_result("No matches");
  return mcp::text_result(clipped_lines(matches.lines(), !matches.full(), "500 matches"));
}

Result<mcp::CallToolResult> find_files(const ToolWorld& world, const ToolScope& scope) {
  auto pattern = required_string(scope.args, "glob");
  if (!pattern) return fail(pattern.error());
  auto glob = Glob::compile(*pattern);
  if (!glob) return fail(glob.error());
  auto start = find_start(world.workspace, get_string(scope.args, "path", "."));
  if (!start) return fail(start.error());
  std::string lines;
  std::size_t count = 0;
  WalkVisitor visitor;
  visitor.visit = [&](const std::string& path, const DirectoryEntry& entry, int) -> Result<Walk> {
    if (count > kMaxFiles || is_clutter(entry)) return Walk::skip;
    if (!start->only_file.empty() && entry.name != start->only_file) return Walk::skip;
    if (!glob->matches(path) || ++count > kMaxFiles) return Walk::descend;
    lines += to_valid_utf8(start->prefix + path) + (S_ISDIR(entry.info.st_mode) ? "/\n" : "\n");
    return Walk::descend;
  };
  auto walked = walk_tree(std::move(start->folder), visitor, scope.ctx);
  if (!walked) return fail(walked.error());
  if (count == 0) return mcp::text_result("No files match");
  return mcp::text_result(clipped_lines(lines, count <= kMaxFiles, "1000 files"));
}

}  // namespace

std::vector<SandboxTool> make_search_tools(const ToolWorld& world) {
  const Argument path{"path", "string", "Folder or file to look in; the whole workspace when left out", false};
  return {
      {"files",
       describe_tool("search_files",
                     "Search file contents for a regular expression; shows path:line: text. Skips .git, node_modules "
                     "and binary files.",
                     {{"pattern", "string", "Regular expression (PCRE)"},
                      path,
                      {"glob", "string", "Only files like this, e.g. *.ts or src/**/*.{c,h}", false}},
                     kReadOnly),
       [world](const ToolScope& scope) { return search_files(world, scope); }},
      {"files",
       describe_tool("find_files", "Find files and folders by name. Skips .git and node_modules.",
                     {{"glob", "string", "Name pattern, e.g. *.json or src/**/test_*.py"}, path}, kReadOnly),
       [world](const ToolScope& scope) { return find_files(world, scope); }},
  };
}

}  // namespace ottobot::sandboxd
