// search_files, find_files.
#include <fcntl.h>

#include <algorithm>

#include "sandboxd/bounded_lines.hpp"
#include "sandboxd/glob.hpp"
#include "sandboxd/names.hpp"
#include "sandboxd/text.hpp"
#include "sandboxd/text_search.hpp"
#include "sandboxd/tool.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kMaxMatches = 500;
constexpr std::size_t kMaxFiles = 1000;
constexpr std::size_t kMaxLineChars = 400;
constexpr std::size_t kWindowBytes = 4U << 20U;  // of a file that is searched at once

// Folders that tools fill: thousands of files that nobody wrote. Naming one in `path` or `glob` looks inside.
bool is_clutter(const DirectoryEntry& entry, std::string_view glob) {
  if (!S_ISDIR(entry.info.st_mode) || (entry.name != ".git" && entry.name != "node_modules")) return false;
  return glob.find(entry.name) == std::string_view::npos;
}

// Where to look: a folder, or one file by its folder and name.
struct Start {
  net::UniqueFd folder;
  std::string prefix;     // of shown paths
  std::string only_file;  // empty: everything
};

Result<Start> find_start(const Workspace& root, const std::string& path, const std::string& shown_root) {
  auto fd = root.open_path(path, O_PATH);
  if (!fd) return fail(fd.error());
  struct stat info {};
  ::fstat(fd->get(), &info);
  if (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode)) {
    return invalid_argument("'" + shown_name(path) + "' is " + special_kind(info.st_mode) + ", not a file or folder");
  }
  auto relative = root.relative(Workspace::real_path(fd->get()));
  if (!relative) return fail(relative.error());
  Start start;
  std::string folder = *relative == "." ? "" : *relative + "/";
  if (!S_ISDIR(info.st_mode)) {
    std::size_t slash = relative->rfind('/');
    start.only_file = relative->substr(slash + 1);
    folder = slash == std::string::npos ? "" : relative->substr(0, slash + 1);
  }
  auto opened = root.open_path(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
  if (!opened) return fail(opened.error());
  start.folder = std::move(*opened);
  start.prefix = shown_root + folder;
  return start;
}

// As find_start: in the workspace, or in the long outputs of commands.
Result<Start> find_start(const ToolWorld& world, const Json& args) {
  std::string path = get_string(args, "path");
  if (path.empty()) path = ".";
  auto outputs = outputs_named_by(world, path);
  return outputs ? find_start(*outputs, path, outputs->root() + "/") : find_start(world.workspace, path, "");
}

// A part of a long line that shows the match.
std::string shown_line(const TextSearch::Line& line) {
  std::size_t begin = line.match_at > kMaxLineChars ? line.match_at - kMaxLineChars / 4 : 0;
  while (begin > 0 && (static_cast<unsigned char>(line.text[begin]) & 0xC0U) == 0x80U) --begin;
  std::string text = to_valid_utf8(line.text.substr(begin, kMaxLineChars * 4));
  std::string_view part = first_chars(text, kMaxLineChars);
  const bool cut = part.size() < text.size() || begin + kMaxLineChars * 4 < line.text.size();
  return (begin > 0 ? "…" : "") + std::string(part) + (cut ? "…" : "");
}

// The matches of one search, over many files.
class Matches {
 public:
  explicit Matches(const TextSearch& search) : search_(search) {}

  // Files that cannot be searched are counted: they are not the searcher's problem.
  Result<void> look_into(const std::string& path, int folder, const DirectoryEntry& entry, const CallContext& ctx) {
    if (!S_ISREG(entry.info.st_mode)) return {};
    net::UniqueFd fd(::openat(folder, entry.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd) {
      ++unreadable_;
      return {};
    }
    auto searched = search_file(shown_name(path), fd.get(), ctx);
    if (!searched && searched.error().code == ErrorCode::resource_exhausted) {
      if (costly_++ == 0) too_costly_ = searched.error().message + " in " + shown_name(path);
      return {};
    }
    return searched;
  }
  bool enough() const { return lines_.enough(); }

  Result<std::string> text() const {
    if (lines_.count() == 0 && costly_ > 0) return invalid_argument("pattern: " + too_costly_, "write a simpler one");
    std::string text = lines_.text("match", "matches");
    if (lines_.count() == 0) text = "No matches in " + counted(files_, "file") + "\n";
    if (costly_ > 0) text += "[" + counted(costly_, "file") + " left out: " + too_costly_ + "]\n";
    if (lines_.count() == 0 && binary_ > 0) text += "[" + counted(binary_, "binary file") + " not searched]\n";
    if (unreadable_ > 0) text += "[" + counted(unreadable_, "file") + " could not be read]\n";
    return text;
  }

 private:
  Result<void> search_file(const std::string& shown, int fd, const CallContext& ctx) {
    std::size_t lines_before = 0;
    for (std::uint64_t offset = 0;;) {
      if (auto alive = ctx.check(); !alive) return alive;
      auto window = read_range(fd, offset, kWindowBytes);
      if (!window || (offset == 0 && looks_binary(*window))) {
        ++(window ? binary_ : unreadable_);
        return {};
      }
      if (offset == 0) ++files_;
      const bool last = window->size() < kWindowBytes;
      // Windows end with a line, unless one is longer than a window.
      if (std::size_t end = window->rfind('\n'); !last && end != std::string::npos) window->resize(end + 1);
      auto searched = search_.search(*window, [&](const TextSearch::Line& line) {
        lines_.add(shown + ":" + std::to_string(lines_before + line.number) + ": " + shown_line(line));
        return !lines_.enough();
      });
      if (!searched || last || lines_.enough()) return searched;
      offset += window->size();
      lines_before += static_cast<std::size_t>(std::count(window->begin(), window->end(), '\n'));
    }
  }

  const TextSearch& search_;
  BoundedLines lines_{kMaxMatches};
  std::size_t files_ = 0, binary_ = 0, unreadable_ = 0, costly_ = 0;
  std::string too_costly_;
};

Result<mcp::CallToolResult> search_files(const ToolWorld& world, const ToolScope& scope) {
  auto pattern = required_string(scope.args, "pattern");
  if (!pattern) return fail(pattern.error());
  auto search = TextSearch::compile(*pattern);
  if (!search) return fail(search.error());
  const std::string given_glob = get_string(scope.args, "glob", "*");
  auto glob = Glob::compile(given_glob);
  if (!glob) return fail(glob.error());
  auto start = find_start(world, scope.args);
  if (!start) return fail(start.error());
  Matches matches(*search);
  WalkVisitor visitor;
  visitor.visit = [&](const std::string& path, const DirectoryEntry& entry, int folder) -> Result<Walk> {
    if (matches.enough() || is_clutter(entry, given_glob)) return Walk::skip;
    if (!start->only_file.empty() && entry.name != start->only_file) return Walk::skip;
    if (!glob->matches(path)) return Walk::descend;
    auto looked = matches.look_into(start->prefix + path, folder, entry, scope.ctx);
    if (!looked) return fail(looked.error());
    return Walk::descend;
  };
  auto walked = walk_tree(std::move(start->folder), visitor, scope.ctx);
  if (!walked) return fail(walked.error());
  auto text = matches.text();
  if (!text) return fail(text.error());
  return mcp::text_result(*text);
}

// The pattern relative to where the search starts, and whether only folders are meant.
struct NamePattern {
  std::string glob;
  bool only_folders = false;
};

Result<NamePattern> read_name_pattern(const ToolWorld& world, const Json& args) {
  auto given = required_string(args, "glob");
  if (!given) return fail(given.error());
  NamePattern pattern{*given};
  const std::string root = world.workspace.root() + "/";
  if (pattern.glob.rfind(root, 0) == 0) {
    pattern.glob.erase(0, root.size() - 1);
  } else if (pattern.glob.rfind('/', 0) == 0 || pattern.glob.rfind("../", 0) == 0) {
    return invalid_field("glob", "looks outside the workspace: it is relative to path, or to the workspace");
  }
  pattern.only_folders = pattern.glob.size() > 1 && pattern.glob.back() == '/';
  if (pattern.only_folders) pattern.glob.pop_back();
  return pattern;
}

Result<mcp::CallToolResult> find_files(const ToolWorld& world, const ToolScope& scope) {
  auto pattern = read_name_pattern(world, scope.args);
  if (!pattern) return fail(pattern.error());
  auto glob = Glob::compile(pattern->glob);
  if (!glob) return fail(glob.error());
  auto start = find_start(world, scope.args);
  if (!start) return fail(start.error());
  BoundedLines lines(kMaxFiles);
  WalkVisitor visitor;
  visitor.visit = [&](const std::string& path, const DirectoryEntry& entry, int) -> Result<Walk> {
    if (lines.enough()) return Walk::skip;
    if (!start->only_file.empty() && entry.name != start->only_file) return Walk::skip;
    const bool is_folder = S_ISDIR(entry.info.st_mode);
    if (glob->matches(path) && (is_folder || !pattern->only_folders)) {
      lines.add(listed_name(start->prefix + path + (is_folder ? "/" : "")));
    }
    return is_clutter(entry, pattern->glob) ? Walk::skip : Walk::descend;
  };
  auto walked = walk_tree(std::move(start->folder), visitor, scope.ctx);
  if (!walked) return fail(walked.error());
  if (lines.count() == 0) return mcp::text_result("No files match");
  return mcp::text_result(lines.text("file", "files"));
}

}  // namespace

std::vector<SandboxTool> make_search_tools(const ToolWorld& world) {
  const Argument path{"path", "string", "Folder or file to look in; the whole workspace when left out", false};
  return {
      {"files",
       describe_tool("search_files",
                     "Search the contents of files for a regular expression, line by line; shows path:line: text. "
                     "Hidden files are searched; .git, node_modules, binary files and links are not; .gitignore is not "
                     "read.",
                     {{"pattern", "string", "Regular expression (PCRE2); (?i) at its start ignores case"},
                      {"path", "string",
                       "Folder or file to look in, or full_output_path of a command; the whole "
                       "workspace when left out",
                       false},
                      {"glob", "string", "Only files like this, e.g. *.ts or src/**/*.{c,h}", false}},
                     kReadOnly),
       [world](const ToolScope& scope) { return search_files(world, scope); }},
      {"files",
       describe_tool(
           "find_files",
           "Find files and folders by name, hidden ones too. Does not look into .git and node_modules unless "
           "the pattern names them.",
           {{"glob", "string",
             "Pattern, e.g. *.json (at any depth), src/*.ts, src/**/test_*.py; with / at its end folders only"},
            path},
           kReadOnly),
       [world](const ToolScope& scope) { return find_files(world, scope); }},
  };
}

}  // namespace ottobot::sandboxd
