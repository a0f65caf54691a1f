// GET and PUT of /archive: a workspace goes out and comes back.
#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>
#include <map>
#include <thread>

#include "net/client/http_client.hpp"
#include "net/process/spawn.hpp"
#include "sandboxd/sandbox.hpp"
#include "sandboxd/temp_folder.hpp"

namespace ottobot::sandboxd {
namespace {

namespace fs = std::filesystem;

// A sandbox with a workspace of its own.
class Machine {
 public:
  Machine() {
    SandboxOptions options;
    options.workspace = workspace.path();
    options.listen = "unix:" + (run_ / "s.sock");
    options.token = "secret-token";
    options.run_folder = run_.path();
    options.desktop = DesktopMode::off;
    auto sandbox = Sandbox::start(options);
    EXPECT_TRUE(sandbox) << sandbox.error().to_string();
    sandbox_ = std::move(*sandbox);
    client_ = std::move(*net::make_http_client());
  }

  net::HttpResponse fetch(const std::string& method, const std::string& body = "") const {
    auto request = net::request_to({sandbox_->address(), "secret-token", std::nullopt}, method, "/archive");
    request.body = body;
    auto response = client_->fetch(request, with_timeout(std::chrono::seconds(30)));
    if (!response) ADD_FAILURE() << method << ": " << response.error().to_string();
    return response.value_or(net::HttpResponse{});
  }

  TempFolder workspace;

 private:
  TempFolder run_;
  std::unique_ptr<Sandbox> sandbox_;
  std::unique_ptr<net::HttpClient> client_;
};

// Everything below a folder: kind, mode, time of change in seconds, content or target.
std::map<std::string, std::string> picture(const TempFolder& folder) {
  std::map<std::string, std::string> entries;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
    struct stat info {};
    EXPECT_EQ(::lstat(entry.path().c_str(), &info), 0);
    const std::string name = entry.path().lexically_relative(folder.path()).string();
    std::string text = std::to_string(info.st_mode & S_IFMT) + " ";
    if (!S_ISLNK(info.st_mode))
      text += std::to_string(info.st_mode & 07777) + " " + std::to_string(info.st_mtime) + " ";
    if (S_ISREG(info.st_mode)) text += folder.read(name);
    if (S_ISLNK(info.st_mode)) text += fs::read_symlink(entry.path()).string();
    entries[name] = text;
  }
  return entries;
}

void set_time(const std::string& path, time_t seconds) {
  const timespec times[2] = {{seconds, 0}, {seconds, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
}

TEST(ArchiveTest, BringsTheWholeWorkspaceBack) {
  const Machine before, after;
  const TempFolder& files = before.workspace;
  files.write("src/run.sh", "#!/bin/sh\necho hello\n");
  files.write("src/big.bin", std::string(3'000'000, '\0') + "end");
  files.write("ünï 😀.txt", "name");
  files.write("empty.txt", "");
  files.write("locked/read-only.txt", "x");
  fs::create_directories(files / "no/thing/here");
  fs::create_symlink("run.sh", files / "src/link");
  fs::create_symlink("/etc/passwd", files / "out");
  fs::create_symlink("nowhere", files / "dangling");
  for (int i = 0; i < 50; ++i) fs::create_directory(files / ("d" + std::to_string(i)));
  ::chmod((files / "src/run.sh").c_str(), 0755);
  ::chmod((files / "locked/read-only.txt").c_str(), 0400);
  ::chmod((files / "locked").c_str(), 0500);
  set_time(files / "src/run.sh", 1'000'000'000);
  set_time(files / "src", 1'100'000'000);

  const auto archive = before.fetch("GET");
  ASSERT_EQ(archive.status, 200);
  const auto unpacked = after.fetch("PUT", archive.body);
  ASSERT_EQ(unpacked.status, 200) << unpacked.body;
  const auto expected = picture(files);
  EXPECT_EQ(parse_json(unpacked.body).value_or(Json())["entries"], expected.size());
  EXPECT_EQ(picture(after.workspace), expected);
  EXPECT_EQ(after.fetch("PUT", archive.body).status, 200) << "again is harmless";
  EXPECT_EQ(picture(after.workspace), expected);
  for (const TempFolder* folder : {&files, &after.workspace}) ::chmod((*folder / "locked").c_str(), 0700);
}

TEST(ArchiveTest, ReplacesWhatHasTheSameNameAndKeepsTheRest) {
  const Machine before, after;
  before.workspace.write("a.txt", "new");
  fs::create_symlink("a.txt", before.workspace / "link");
  after.workspace.write("a.txt", "old");
  after.workspace.write("link", "a file");
  after.workspace.write("mine.txt", "kept");
  EXPECT_EQ(after.fetch("PUT", before.fetch("GET").body).status, 200);
  EXPECT_EQ(after.workspace.read("a.txt"), "new");
  EXPECT_EQ(fs::read_symlink(after.workspace / "link"), "a.txt");
  EXPECT_EQ(after.workspace.read("mine.txt"), "kept");
}

TEST(ArchiveTest, AnEmptyWorkspaceComesBackEmpty) {
  const Machine before, after;
  const auto unpacked = after.fetch("PUT", before.fetch("GET").body);
  EXPECT_EQ(unpacked.status, 200) << unpacked.body;
  EXPECT_TRUE(fs::is_empty(after.workspace.path()));
}

// A zip with the same file many times, whose mode is 0666.
std::string zip_of_one_file(int times) {
  const TempFolder folder;
  const std::string script =
      "import sys, zipfile\n"
      "info = zipfile.ZipInfo('file')\n"
      "info.external_attr = 0o100666 << 16\n"
      "with zipfile.ZipFile(sys.argv[1], 'w') as zip:\n"
      "  for _ in range(int(sys.argv[2])): zip.writestr(info, 'x')\n";
  auto made = net::run({.argv = {"python3", "-W", "ignore", "-c", script, folder / "w.zip", std::to_string(times)}},
                       with_timeout(std::chrono::seconds(30)));
  EXPECT_TRUE(made && made->status.code == 0);
  return folder.read("w.zip");
}

TEST(ArchiveTest, ALinkThatTakesAFilesPlaceMeanwhileIsNotFollowed) {
  const Machine machine;
  const TempFolder outside;
  outside.write("secret", "not of the workspace");
  ::chmod((outside / "secret").c_str(), 0400);
  fs::create_symlink(outside / "secret", machine.workspace / "link");
  machine.workspace.write("file", "x");
  const std::string file = machine.workspace / "file", link = machine.workspace / "link";
  std::jthread attacker([&](std::stop_token stop) {
    while (!stop.stop_requested()) ::renameat2(AT_FDCWD, file.c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE);
  });
  const auto unpacked = machine.fetch("PUT", zip_of_one_file(3000));
  EXPECT_EQ(unpacked.status, 200) << unpacked.body;
  struct stat info {};
  ASSERT_EQ(::stat((outside / "secret").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0400u);
}

TEST(ArchiveTest, NamesThatAreNotUtf8AreEscapedInTheZipAndComeBack) {
  const Machine before, after;
  const std::string odd = "caf\xe9", alike = R"(caf\xe9)";
  before.workspace.write(odd, "latin");
  before.workspace.write(alike, "backslash");
  before.workspace.write("d\xff/x", "below");
  before.workspace.write("~/home", "tilde");
  fs::create_symlink(odd, before.workspace / "link\xfe");
  const auto archive = before.fetch("GET");
  ASSERT_EQ(archive.status, 200);

  const TempFolder folder;
  folder.write("w.zip", archive.body);
  const std::string script =
      "import sys, zipfile\n"
      "zip = zipfile.ZipFile(sys.argv[1])\n"
      "for name in zip.namelist(): print(name, zip.read(name).decode())\n";
  auto listed = net::run({.argv = {"python3", "-c", script, folder / "w.zip"}}, with_timeout(std::chrono::seconds(30)));
  ASSERT_TRUE(listed) << listed.error().to_string();
  EXPECT_EQ(listed->status.code, 0) << listed->err;
  for (const char* line :
       {R"(./caf\xe9 latin)", R"(./caf\x5cxe9 backslash)", R"(d\xff/x below)", R"(./link\xfe caf\xe9)"}) {
    EXPECT_THAT(listed->out, ::testing::HasSubstr(std::string(line) + "\n"));
  }

  ASSERT_EQ(after.fetch("PUT", archive.body).status, 200);
  EXPECT_EQ(picture(after.workspace), picture(before.workspace));
  EXPECT_EQ(after.workspace.read(odd), "latin");
}

TEST(ArchiveTest, NothingIsWrittenOutsideTheWorkspace) {
  const Machine source, target;
  const TempFolder outside;
  source.workspace.write("way/file", "escaped");
  fs::create_symlink(outside.path(), target.workspace / "way");
  EXPECT_EQ(target.fetch("PUT", source.fetch("GET").body).status, 409);

  const Machine climbing;
  climbing.workspace.write("aa-climbs", "escaped");
  std::string archive = climbing.fetch("GET").body;
  const std::string name = "aa-climbs";
  for (auto at = archive.find(name); at != std::string::npos; at = archive.find(name, at)) {
    archive.replace(at, 3, "../");
  }
  EXPECT_EQ(target.fetch("PUT", archive).status, 403);
  EXPECT_FALSE(fs::exists(target.workspace / "../climbs"));
  EXPECT_TRUE(fs::is_empty(outside.path()));
}

TEST(ArchiveTest, SaysWhatIsWrongWithABody) {
  const Machine machine;
  machine.workspace.write("a.txt", std::string(100'000, 'x') + "y");
  const std::string archive = machine.fetch("GET").body;
  for (const std::string& body : {std::string("no archive at all"), std::string(22, 'x'), archive.substr(0, 100)}) {
    const auto refused = machine.fetch("PUT", body);
    EXPECT_EQ(refused.status, 400) << refused.body;
  }
  EXPECT_EQ(machine.fetch("POST", archive).status, 405);
  EXPECT_EQ(machine.workspace.read("a.txt").size(), 100'001u);
}

}  // namespace
}  // namespace ottobot::sandboxd
