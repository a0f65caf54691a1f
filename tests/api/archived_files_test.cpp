// Files and listings of sessions that have ended, out of a real zip.
#include <archive.h>
#include <archive_entry.h>

#include "api/api_fixture.hpp"
#include "ottobot/ids.hpp"
#include "zip/utf8_locale.hpp"

namespace ottobot::api::test {
namespace {

// Written as sandboxd does: streamed, so that sizes stand only in the directory at the end.
class ZipBytes {
 public:
  ZipBytes() : archive_(::archive_write_new()) {
    ::archive_write_set_format_zip(archive_);
    ::archive_write_set_bytes_in_last_block(archive_, 1);
    EXPECT_EQ(::archive_write_open(archive_, this, nullptr, &ZipBytes::on_bytes, nullptr), ARCHIVE_OK);
  }
  ~ZipBytes() { ::archive_write_free(archive_); }
  ZipBytes(const ZipBytes&) = delete;
  ZipBytes& operator=(const ZipBytes&) = delete;

  void add(const std::string& path, unsigned type, const std::string& content) {
    const zip::Utf8Locale locale;
    ::archive_entry* entry = ::archive_entry_new();
    ::archive_entry_set_pathname(entry, path.c_str());
    ::archive_entry_set_filetype(entry, type);
    ::archive_entry_set_perm(entry, 0644);
    ::archive_entry_set_mtime(entry, 784111777, 0);
    if (type == AE_IFLNK) ::archive_entry_set_symlink(entry, content.c_str());
    if (type == AE_IFREG) ::archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    EXPECT_EQ(::archive_write_header(archive_, entry), ARCHIVE_OK) << ::archive_error_string(archive_);
    if (type == AE_IFREG) {
      EXPECT_EQ(::archive_write_data(archive_, content.data(), content.size()),
                static_cast<la_ssize_t>(content.size()));
    }
    ::archive_entry_free(entry);
  }

  std::string finish() {
    EXPECT_EQ(::archive_write_close(archive_), ARCHIVE_OK);
    return bytes_;
  }

 private:
  static la_ssize_t on_bytes(::archive*, void* self, const void* bytes, std::size_t size) {
    static_cast<ZipBytes*>(self)->bytes_.append(static_cast<const char*>(bytes), size);
    return static_cast<la_ssize_t>(size);
  }

  ::archive* archive_;
  std::string bytes_;
};

class ArchivedFiles : public ApiTest {
 protected:
  ArchivedFiles() {
    for (int i = 0; i < 400000; ++i) big_ += static_cast<char>(i * 31 + i / 256);
    ZipBytes zip;
    zip.add("big.bin", AE_IFREG, big_);
    zip.add("empty", AE_IFREG, "");
    zip.add("src/", AE_IFDIR, "");
    zip.add("src/a b.html", AE_IFREG, "<p>hi</p>");
    zip.add("src/über 100%.txt", AE_IFREG, "grün");
    zip.add("src/deep/", AE_IFDIR, "");
    zip.add("src/deep/x.txt", AE_IFREG, "x");
    zip.add("link", AE_IFLNK, "src/deep/../a b.html");
    zip.add("latin/in/", AE_IFDIR, "");
    zip.add(R"(latin/in/caf\xe9)", AE_IFREG, "byte");
    zip.add(R"(latin/in/caf\x5cxe9)", AE_IFREG, "backslash");
    zip.add(R"(latin/in/link\xff)", AE_IFLNK, R"(caf\xe9)");
    zip.add("out", AE_IFLNK, "../../etc/passwd");
    zip.add("loop", AE_IFLNK, "loop");
    store_archive(id_, zip.finish());
    finish_delete(id_);
  }

  std::string id_ = create_session();
  std::string big_;
};

TEST_F(ArchivedFiles, AreDownloadedByName) {
  const auto page = get("/download/" + id_ + "/src/a%20b.html");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, "<p>hi</p>");
  EXPECT_EQ(page.headers.find("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.headers.find("Content-Security-Policy"), "sandbox");
  EXPECT_EQ(page.headers.find("Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(get("/download/" + id_ + "/src/%C3%BCber%20100%25.txt").body, "grün");
  EXPECT_EQ(get("/download/" + id_ + "/big.bin").body, big_);
  EXPECT_EQ(get("/download/" + id_ + "/empty").body, "");
  EXPECT_EQ(get("/download/" + id_ + "/nothing").status, 404);
  EXPECT_EQ(get("/download/" + id_ + "/src").status, 409);
}

TEST_F(ArchivedFiles, HonourRanges) {
  const auto part = get("/download/" + id_ + "/big.bin", {{"Range", "bytes=300000-300099"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, big_.substr(300000, 100));
  EXPECT_EQ(part.headers.find("Content-Range"), "bytes 300000-300099/400000");
  EXPECT_EQ(get("/download/" + id_ + "/big.bin", {{"Range", "bytes=-5"}}).body, big_.substr(399995));
  const auto beyond = get("/download/" + id_ + "/big.bin", {{"Range", "bytes=400000-"}});
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(beyond.headers.find("Content-Range"), "bytes */400000");
  const std::string etag(part.headers.find("ETag").value_or(""));
  ASSERT_FALSE(etag.empty());
  EXPECT_EQ(get("/download/" + id_ + "/big.bin", {{"Range", "bytes=0-1"}, {"If-Range", etag}}).status, 206);
  EXPECT_EQ(get("/download/" + id_ + "/big.bin", {{"Range", "bytes=0-1"}, {"If-Range", "\"old\""}}).status, 200);
}

TEST_F(ArchivedFiles, AKnownVersionIsNotSentAgain) {
  const std::string path = "/download/" + id_ + "/big.bin";
  const std::string etag(get(path).headers.find("ETag").value_or(""));
  const auto known = get(path, {{"If-None-Match", etag}, {"Range", "bytes=0-1"}});
  EXPECT_EQ(known.status, 304);
  EXPECT_EQ(known.body, "");
  EXPECT_EQ(known.headers.find("ETag"), etag);
  EXPECT_EQ(get(path, {{"If-None-Match", "\"old\""}}).status, 200);
}

TEST_F(ArchivedFiles, LinksAreFollowedInsideTheWorkspaceOnly) {
  EXPECT_EQ(get("/download/" + id_ + "/link").body, "<p>hi</p>");
  EXPECT_EQ(get("/download/" + id_ + "/out").status, 403);
  EXPECT_EQ(get("/download/" + id_ + "/loop").status, 409);
}

TEST_F(ArchivedFiles, NamesThatAreNotUtf8AreNamedAsInTheSandbox) {
  EXPECT_EQ(get("/download/" + id_ + "/latin/in/caf%E9").body, "byte");
  EXPECT_EQ(get("/download/" + id_ + "/latin/in/caf%5Cxe9").body, "byte");
  EXPECT_EQ(get("/download/" + id_ + "/latin/in/link%FF").body, "byte");
  const Json listing = json_of(get("/session/" + id_ + "/files?path=latin/in"));
  std::vector<std::string> names;
  for (const Json& entry : listing["entries"]) names.push_back(get_string(entry, "name"));
  EXPECT_EQ(names, (std::vector<std::string>{R"(caf\xe9)", R"(caf\xe9)", R"(link\xff)"}));
  EXPECT_EQ(listing["entries"][2]["target"], R"(caf\xe9)");
}

TEST_F(ArchivedFiles, AnEmptyWorkspaceIsAnEmptyFolder) {
  const std::string id = create_session();
  store_archive(id, ZipBytes().finish());
  finish_delete(id);
  const auto listing = get("/session/" + id + "/files");
  EXPECT_EQ(listing.status, 200) << listing.body;
  EXPECT_EQ(json_of(listing)["entries"], Json::array());
  EXPECT_EQ(get("/download/" + id + "/a.txt").status, 404);
  EXPECT_EQ(get("/download/" + id).body.size(), 22u);
}

TEST_F(ArchivedFiles, FoldersAreListedAsTheSandboxDid) {
  const Json root = json_of(get("/session/" + id_ + "/files"));
  EXPECT_EQ(root["path"], ".");
  std::vector<std::string> names;
  for (const Json& entry : root["entries"])
    names.push_back(get_string(entry, "name") + " " + get_string(entry, "type"));
  EXPECT_EQ(names, (std::vector<std::string>{"big.bin file", "empty file", "link symlink", "loop symlink",
                                             "out symlink", "src directory"}));
  EXPECT_EQ(root["entries"][0]["size_bytes"], 400000);
  EXPECT_EQ(root["entries"][0]["modified_at"], "1994-11-06T08:49:37.000Z");
  const Json folder = json_of(get("/session/" + id_ + "/files?path=src/deep/"));
  EXPECT_EQ(folder["path"], "src/deep");
  ASSERT_EQ(folder["entries"].size(), 1u);
  EXPECT_EQ(folder["entries"][0]["name"], "x.txt");
  EXPECT_EQ(get("/session/" + id_ + "/files?path=nothing").status, 404);
  EXPECT_EQ(get("/session/" + id_ + "/files?path=empty").status, 409);
  EXPECT_EQ(get("/session/" + id_ + "/files?path=../..").status, 403);
  EXPECT_EQ(get("/session/" + id_ + "/files?path=/etc").status, 403);
}

TEST_F(ArchivedFiles, OfADeletedSessionCannotBeChanged) {
  const auto refused = send("PUT", "/session/" + id_ + "/files/a.txt", "x");
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(get_string(json_of(refused), "hint").find("/download/"), std::string::npos);
}

TEST_F(ArchivedFiles, OfAnExpiredSessionCanBeChangedOnceAPromptBringsItBack) {
  const std::string id = create_session();
  RowPatch patch;
  patch.status = SessionStatus::terminated;
  patch.phase = std::string(phase::kExpired);
  append(id, {}, patch);
  const auto refused = send("PUT", "/session/" + id + "/files/a.txt", "x");
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(get_string(json_of(refused), "hint").find("/messages"), std::string::npos);
}

TEST_F(ArchivedFiles, ADamagedArchiveIsNoCrash) {
  const std::string id = create_session();
  store_archive(id, "PK" + std::string(5000, 'q'));
  finish_delete(id);
  EXPECT_EQ(get("/download/" + id + "/a.txt").status, 500);
  EXPECT_EQ(get("/session/" + id + "/files").status, 500);
  EXPECT_EQ(get("/health").status, 200);
}

}  // namespace
}  // namespace ottobot::api::test
