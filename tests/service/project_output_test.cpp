#include "project_output.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "ottobot/ids.hpp"
#include "zip/utf8_locale.hpp"

namespace ottobot::cli {
namespace {

namespace fs = std::filesystem;

struct Entry {
  std::string name, content, link;
};

void write_zip(const fs::path& path, const std::vector<Entry>& entries) {
  archive* zip = ::archive_write_new();
  ::archive_write_set_format_zip(zip);
  ASSERT_EQ(::archive_write_open_filename(zip, path.c_str()), ARCHIVE_OK);
  for (const auto& each : entries) {
    archive_entry* entry = ::archive_entry_new();
    ::archive_entry_set_pathname(entry, each.name.c_str());
    ::archive_entry_set_perm(entry, 0644);
    ::archive_entry_set_filetype(entry, each.link.empty() ? AE_IFREG : AE_IFLNK);
    if (!each.link.empty()) ::archive_entry_set_symlink(entry, each.link.c_str());
    ::archive_entry_set_size(entry, static_cast<la_int64_t>(each.link.empty() ? each.content.size() : 0));
    ::archive_write_header(zip, entry);
    if (each.link.empty()) ::archive_write_data(zip, each.content.data(), each.content.size());
    ::archive_entry_free(entry);
  }
  ::archive_write_free(zip);
}

std::string content_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class ProjectOutputTest : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() / ("ottobot-project-" + new_id());
    fs::create_directories(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }

  fs::path dir_;
};

TEST_F(ProjectOutputTest, UnpacksFilesFoldersAndLinks) {
  write_zip(dir_ / "p.zip", {{"src/a.txt", "A", ""}, {"link", "", "src/a.txt"}});
  fs::create_directory(dir_ / "out");
  auto done = unpack_zip(dir_ / "p.zip", dir_ / "out");
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_EQ(content_of(dir_ / "out/src/a.txt"), "A");
  EXPECT_TRUE(fs::is_symlink(dir_ / "out/link"));
}

TEST_F(ProjectOutputTest, UnpacksNamesOfAllLanguages) {
  {
    const zip::Utf8Locale names;
    write_zip(dir_ / "p.zip", {{"ünï/😀.txt", "A", ""}, {"ссылка", "", "ünï/😀.txt"}});
  }
  fs::create_directory(dir_ / "out");
  auto done = unpack_zip(dir_ / "p.zip", dir_ / "out");
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_EQ(content_of(dir_ / "out/ünï/😀.txt"), "A");
  EXPECT_EQ(content_of(dir_ / "out/ссылка"), "A");
}

TEST_F(ProjectOutputTest, NoEntryLeavesTheFolder) {
  fs::create_directory(dir_ / "out");
  for (const char* name : {"../evil", "/tmp/ottobot-evil", "a/../../evil"}) {
    write_zip(dir_ / "p.zip", {{name, "x", ""}});
    auto done = unpack_zip(dir_ / "p.zip", dir_ / "out");
    ASSERT_FALSE(done) << name;
    EXPECT_EQ(done.error().code, ErrorCode::data_loss);
  }
  EXPECT_FALSE(fs::exists(dir_ / "evil"));
}

TEST_F(ProjectOutputTest, NothingIsWrittenThroughALink) {
  fs::create_directories(dir_ / "out");
  fs::create_directories(dir_ / "elsewhere");
  write_zip(dir_ / "p.zip", {{"door", "", (dir_ / "elsewhere").string()}, {"door/evil", "x", ""}});
  (void)unpack_zip(dir_ / "p.zip", dir_ / "out");
  EXPECT_TRUE(fs::is_empty(dir_ / "elsewhere"));
}

TEST_F(ProjectOutputTest, NoLinkIsMadeThroughALink) {
  fs::create_directories(dir_ / "out");
  fs::create_directories(dir_ / "elsewhere/below");
  for (const char* name : {"door/evil", "door/below/evil", "door/./evil"}) {
    write_zip(dir_ / "p.zip", {{"door", "", (dir_ / "elsewhere").string()}, {name, "", "/etc/passwd"}});
    auto done = unpack_zip(dir_ / "p.zip", dir_ / "out");
    ASSERT_FALSE(done) << name;
    EXPECT_EQ(done.error().code, ErrorCode::data_loss) << name;
    EXPECT_FALSE(fs::is_symlink(dir_ / "elsewhere/evil") || fs::is_symlink(dir_ / "elsewhere/below/evil")) << name;
    fs::remove(dir_ / "out/door");
  }
}

TEST_F(ProjectOutputTest, AnythingElseIsNoZip) {
  std::ofstream(dir_ / "p.zip") << "not a zip";
  fs::create_directory(dir_ / "out");
  auto done = unpack_zip(dir_ / "p.zip", dir_ / "out");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::data_loss);
}

TEST_F(ProjectOutputTest, ARefusedDownloadLeavesNoFile) {
  const Stream stream = [](const net::HttpRequest& request, net::ResponseSink& sink, const CallContext&) {
    const bool good = request.url == "/good";
    auto begun = sink.on_head(good ? 200 : 404, {});
    return begun ? sink.on_body(good ? "bytes" : R"({"message":"gone"})") : begun;
  };
  auto output = ProjectOutput::plan((dir_ / "p.zip").string());
  ASSERT_TRUE(output) << output.error().to_string();
  Progress silent(nullptr);
  net::HttpRequest request;
  request.url = "/bad";
  const auto refused = output->save({stream, request, "id", silent}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "gone");
  EXPECT_FALSE(fs::exists(dir_ / "p.zip"));
  EXPECT_FALSE(fs::exists(dir_ / "p.zip.part"));
  request.url = "/good";
  auto saved = output->save({stream, request, "id", silent}, {});
  ASSERT_TRUE(saved) << saved.error().to_string();
  EXPECT_EQ(content_of(*saved), "bytes");
}

}  // namespace
}  // namespace ottobot::cli
