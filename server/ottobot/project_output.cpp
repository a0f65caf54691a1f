#include "project_output.hpp"

#include <unistd.h>

#include <fstream>
#include <system_error>

#include "net/client/http_client.hpp"

namespace ottobot::cli {
namespace {

namespace fs = std::filesystem;

class FileSink final : public net::ResponseSink {
 public:
  explicit FileSink(const fs::path& path) : path_(path), file_(path, std::ios::binary | std::ios::trunc) {}

  Result<void> on_head(int status, const net::Headers&) override {
    if (status == 200) return {};
    return unavailable("the project cannot be downloaded (HTTP " + std::to_string(status) + ")");
  }
  Result<void> on_body(std::string_view bytes) override {
    if (file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return {};
    return resource_exhausted("cannot write " + path_.string(), "is the disk full?");
  }
  Result<void> close() {
    file_.close();
    if (file_) return {};
    return resource_exhausted("cannot write " + path_.string(), "is the disk full?");
  }

 private:
  fs::path path_;
  std::ofstream file_;
};

Result<void> download(const std::string& url, const fs::path& file, const CallContext& ctx) {
  auto client = net::make_http_client();
  if (!client) return fail(client.error());
  FileSink sink(file);
  net::HttpRequest request;
  request.url = url;
  request.idle_timeout = std::chrono::seconds(60);
  if (auto done = (*client)->stream(request, sink, ctx); !done) return done;
  return sink.close();
}

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

Result<fs::path> ProjectOutput::save(const std::string& url, const std::string& session_id, const fs::path& scratch,
                                     const CallContext& ctx) const {
  const auto target = target_.empty() ? fs::path("ottobot-" + session_id + ".zip") : target_;
  if (!is_file()) {
    const auto zip = scratch / "project.zip";
    if (auto got = download(url, zip, ctx); !got) return fail(got.error());
    if (auto unpacked = unpack_zip(zip, target); !unpacked) return fail(unpacked.error());
    return target;
  }
  // Never half a file under the name that was asked for.
  const fs::path part = target.string() + ".part";
  auto got = download(url, part, ctx);
  std::error_code error;
  if (got) fs::rename(part, target, error);
  if (got && !error) return target;
  std::error_code ignored;
  fs::remove(part, ignored);
  if (!got) return fail(got.error());
  return errno_error("cannot write " + target.string(), error.value());
}

}  // namespace ottobot::cli
