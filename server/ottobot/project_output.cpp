#include "project_output.hpp"

#include <unistd.h>

#include <cstdlib>
#include <system_error>

namespace ottobot::cli {
namespace {

namespace fs = std::filesystem;

// A folder that goes with its owner.
class ScratchDir {
 public:
  static Result<ScratchDir> make() {
    std::error_code error;
    std::string pattern = (fs::temp_directory_path(error) / "ottobot-XXXXXX").string();
    if (error || ::mkdtemp(pattern.data()) == nullptr) return errno_error("cannot make a temporary folder", errno);
    return ScratchDir(pattern);
  }
  ScratchDir(ScratchDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchDir& operator=(ScratchDir&&) = delete;
  ~ScratchDir() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit ScratchDir(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

Result<void> check_folder(const fs::path& dir) {
  std::error_code error;
  if (fs::exists(dir, error) && !fs::is_directory(dir, error)) {
    return already_exists(dir.string() + " is not a folder", "--out takes a folder or a name that ends in .zip");
  }
  if (fs::is_directory(dir, error) && !fs::is_empty(dir, error)) {
    return already_exists("the folder " + dir.string() + " is not empty", "give --out a new one, or a FILE.zip");
  }
  fs::create_directories(dir, error);
  if (error) return errno_error("cannot make " + dir.string(), error.value());
  return {};
}

}  // namespace

Result<ProjectOutput> ProjectOutput::plan(const std::string& out) {
  std::error_code error;
  ProjectOutput output(out.empty() ? fs::path() : fs::absolute(out, error).lexically_normal());
  const auto parent = out.empty() ? fs::current_path(error) : output.target_.parent_path();
  if (!output.is_file()) {
    if (auto usable = check_folder(output.target_); !usable) return fail(usable.error());
    return output;
  }
  if (fs::is_directory(output.target_, error)) return already_exists(output.target_.string() + " is a folder");
  if (::access(parent.c_str(), W_OK) != 0) return errno_error("cannot write into " + parent.string(), errno);
  return output;
}

Result<fs::path> ProjectOutput::save(const ProjectSource& source, const CallContext& ctx) const {
  const auto target = target_.empty() ? fs::path("ottobot-" + source.session_id + ".zip") : target_;
  if (is_file()) {
    auto got = download(source.stream, {source.request, target, false}, source.progress, ctx);
    if (!got) return fail(got.error());
    return target;
  }
  auto scratch = ScratchDir::make();
  if (!scratch) return fail(scratch.error());
  const auto zip = scratch->path() / "project.zip";
  auto got = download(source.stream, {source.request, zip, false}, source.progress, ctx);
  if (!got) return fail(got.error());
  if (auto unpacked = unpack_zip(zip, target); !unpacked) return fail(unpacked.error());
  return target;
}

}  // namespace ottobot::cli
