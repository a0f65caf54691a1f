#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <memory>
#include <set>
#include <vector>

#include "containers/common/files.hpp"
#include "net/unique_fd.hpp"

namespace ottobot::containers {
namespace {

constexpr std::uint64_t kBlock = 512;  // of st_blocks, whatever the file system's own is
constexpr int kDeepest = 64;

net::UniqueFd open_folder(int at, const std::string& name) {
  return net::UniqueFd(::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Goes down kDeepest levels, one open descriptor each; what lies deeper is noted and walked to again from the top. So a
// tree of any depth can be measured.
class TreeSize {
 public:
  TreeSize(const std::string& top, const CallContext& ctx) : top_(open_folder(AT_FDCWD, top)), ctx_(ctx) {}

  Result<std::uint64_t> run() {
    if (!top_) return std::uint64_t{0};
    std::vector<Path> folders{{}};
    while (!folders.empty()) {
      path_ = std::move(folders.back());
      folders.pop_back();
      if (auto done = add(walk_to(path_), 0, folders); !done) return fail(done.error());
    }
    return bytes_;
  }

 private:
  using Path = std::vector<std::string>;

  net::UniqueFd walk_to(const Path& path) const {
    net::UniqueFd at = open_folder(top_.get(), ".");
    for (const auto& name : path) {
      if (!at) break;
      at = open_folder(at.get(), name);
    }
    return at;
  }

  Result<void> add(net::UniqueFd folder, int depth, std::vector<Path>& deeper) {
    std::unique_ptr<DIR, int (*)(DIR*)> entries(folder ? ::fdopendir(folder.get()) : nullptr, &::closedir);
    if (!entries) return {};
    (void)folder.release();  // closedir() closes it
    while (const dirent* entry = ::readdir(entries.get())) {
      if (auto more = ctx_.check(); !more) return more;
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      const int at = ::dirfd(entries.get());
      struct stat info {};
      if (::fstatat(at, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (info.st_nlink < 2 || S_ISDIR(info.st_mode) || several_names_.insert(info.st_ino).second) {
        bytes_ += static_cast<std::uint64_t>(info.st_blocks) * kBlock;
      }
      if (!S_ISDIR(info.st_mode)) continue;
      path_.push_back(name);
      if (depth == kDeepest) {
        deeper.push_back(path_);
      } else if (auto added = add(open_folder(at, name), depth + 1, deeper); !added) {
        return added;
      }
      path_.pop_back();
    }
    return {};
  }

  const net::UniqueFd top_;
  const CallContext& ctx_;
  Path path_;  // of the folder that is read, from the top
  std::set<ino_t> several_names_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

Result<std::uint64_t> tree_size(const std::string& path, const CallContext& ctx) { return TreeSize(path, ctx).run(); }

}  // namespace ottobot::containers
