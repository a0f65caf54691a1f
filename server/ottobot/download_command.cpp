// `ottobot download`: a session's project, or one file of it.

#include <unistd.h>

#include <iostream>
#include <memory>

#include "commands.hpp"
#include "download.hpp"
#include "interrupts.hpp"
#include "project_output.hpp"
#include "server_client.hpp"

namespace ottobot::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours kDownload{12};
constexpr std::chrono::seconds kCall{30};
constexpr std::chrono::seconds kSilence{60};

constexpr const char* kHelp = R"(Examples:
  ottobot download V1StGXR8_Z5jdHi6B-myT           ottobot-<id>.zip here
  ottobot download ID -o shop                      unpacked into the folder shop
  ottobot download ID -o shop.zip
  ottobot download ID src/main.ts                  that file of the workspace
  ottobot download ID package.json -o - | jq .     on standard output

A file whose download broke off is gone on with by the same command.)";

struct DownloadArguments {
  SettingFlags flags;
  std::string id, path, out;
};

fs::path file_target(const DownloadArguments& arguments) {
  const auto name = fs::path(arguments.path).filename();
  std::error_code error;
  if (arguments.out.empty()) return name;
  return fs::is_directory(arguments.out, error) ? arguments.out / name : fs::path(arguments.out);
}

class Downloading {
 public:
  Downloading(const ServerClient& client, const DownloadArguments& arguments)
      : arguments_(arguments),
        request_(client.request("GET", "")),
        progress_(::isatty(STDERR_FILENO) ? &std::cerr : nullptr) {
    stream_ = [&client](const net::HttpRequest& request, net::ResponseSink& sink, const CallContext& ctx) {
      return client.stream(request, sink, ctx);
    };
    request_.url += "/download/" + arguments.id;
    if (!arguments.path.empty()) request_.url += "/" + net::percent_encode_path(arguments.path);
    request_.headers.set("Accept", "*/*");
    request_.idle_timeout = kSilence;
  }

  // Where it went.
  Result<std::string> run(const CallContext& ctx) {
    if (arguments_.out == "-") return to_stdout(ctx);
    return arguments_.path.empty() ? project(ctx) : file(ctx);
  }

 private:
  Result<std::string> to_stdout(const CallContext& ctx) {
    if (auto done = download_to(stream_, request_, std::cout, ctx); !done) return fail(done.error());
    return std::string();
  }

  Result<std::string> file(const CallContext& ctx) {
    const auto target = file_target(arguments_);
    if (target.filename().empty()) return invalid_argument("\"" + arguments_.path + "\" names no file");
    if (auto done = download(stream_, {request_, target, true}, progress_, ctx); !done) return fail(done.error());
    return target.string();
  }

  Result<std::string> project(const CallContext& ctx) {
    auto output = ProjectOutput::plan(arguments_.out);
    if (!output) return fail(output.error());
    auto saved = output->save({stream_, request_, arguments_.id, progress_}, ctx);
    if (!saved) return fail(saved.error());
    return saved->string();
  }

  const DownloadArguments& arguments_;
  net::HttpRequest request_;
  Progress progress_;
  Stream stream_;
};

int download_command(const DownloadArguments& arguments) {
  const Interrupts interrupts;
  const auto ctx = with_timeout(kDownload).with_stop(interrupts.token());
  const auto client = ServerClient::make(arguments.flags);
  if (!client) return report(client.error());
  const auto path = session_path(arguments.id);
  if (!path) return report(path.error());
  if (auto session = client->get(*path, ctx.within(kCall)); !session) return report(session.error());
  auto where = Downloading(*client, arguments).run(ctx);
  if (!where && where.error().code == ErrorCode::cancelled) return kExitInterrupted;
  if (!where) return report(where.error());
  if (!where->empty()) std::cout << *where << "\n";
  return kExitOk;
}

}  // namespace

Run add_download(CLI::App& app) {
  auto* command = app.add_subcommand("download", "get the project of a session, or one file of it");
  command->footer(kHelp);
  auto arguments = std::make_shared<DownloadArguments>();
  command->add_option("id", arguments->id, "the session")->required()->type_name("ID");
  command->add_option("path", arguments->path, "a file of its workspace (default: all of it, as zip)")
      ->type_name("PATH");
  command->add_option("--out,-o", arguments->out, "file or folder for it, - for standard output")
      ->type_name("FILE|DIR");
  add_server_flags(*command, arguments->flags);
  return [arguments] { return download_command(*arguments); };
}

}  // namespace ottobot::cli
