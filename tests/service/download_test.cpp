#include "download.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "ottobot/ids.hpp"

namespace ottobot::cli {
namespace {

namespace fs = std::filesystem;

// A server of one file that serves ranges, and may break off.
class DownloadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() / ("ottobot-download-" + new_id());
    fs::create_directories(dir_);
    for (int i = 0; i < 20000; ++i) content_ += std::to_string(i) + "\n";
  }
  void TearDown() override { fs::remove_all(dir_); }

  Result<void> serve(const net::HttpRequest& request, net::ResponseSink& sink) {
    ++requests_;
    std::size_t from = 0;
    if (const auto range = request.headers.find("Range")) from = std::stoul(std::string(range->substr(6)));
    last_from_ = from;
    if (from > 0 && from >= content_.size()) {
      if (auto head = sink.on_head(416, {}); !head) return head;
      return sink.on_body("{}");
    }
    const auto rest = content_.substr(from);
    auto head = sink.on_head(from > 0 ? 206 : 200, {{"Content-Length", std::to_string(rest.size())}});
    if (!head) return head;
    const auto sent = rest.substr(0, break_after_);
    if (auto body = sink.on_body(sent); !body) return body;
    if (sent.size() < rest.size()) return unavailable("the connection was lost");
    return {};
  }

  Result<void> get(bool may_resume = true) {
    Progress silent(nullptr);
    const Stream stream = [this](const net::HttpRequest& request, net::ResponseSink& sink, const CallContext&) {
      return serve(request, sink);
    };
    return download(stream, {{}, dir_ / "file", may_resume}, silent, {});
  }

  std::string got() const {
    std::ostringstream text;
    text << std::ifstream(dir_ / "file").rdbuf();
    return text.str();
  }

  fs::path dir_;
  std::string content_;
  std::size_t break_after_ = std::string::npos;
  std::size_t last_from_ = 0;
  int requests_ = 0;
};

TEST_F(DownloadTest, GoesOnWhereItBroke) {
  break_after_ = 50000;
  const auto broken = get();
  ASSERT_FALSE(broken);
  EXPECT_FALSE(broken.error().hint.empty());
  EXPECT_FALSE(fs::exists(dir_ / "file"));
  break_after_ = std::string::npos;
  ASSERT_TRUE(get());
  EXPECT_GT(last_from_, 40000u);
  EXPECT_EQ(got(), content_);
  EXPECT_FALSE(fs::exists(dir_ / "file.part"));
}

TEST_F(DownloadTest, APartOfAnotherVersionIsThrownAway) {
  break_after_ = 50000;
  ASSERT_FALSE(get());
  break_after_ = std::string::npos;
  content_.assign(60000, 'x');
  const auto again = get();
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(got(), content_);
  EXPECT_EQ(requests_, 3);
}

TEST_F(DownloadTest, APartLongerThanTheFileIsThrownAway) {
  std::ofstream(dir_ / "file.part") << std::string(500000, 'y');
  ASSERT_TRUE(get());
  EXPECT_EQ(got(), content_);
}

TEST_F(DownloadTest, WhatIsNoRangeStartsAnew) {
  break_after_ = 50000;
  ASSERT_FALSE(get(false));
  EXPECT_FALSE(fs::exists(dir_ / "file.part"));
}

TEST(HumanSize, HasAUnit) {
  EXPECT_EQ(human_size(1023), "1023 B");
  EXPECT_EQ(human_size(1536), "1.5 KiB");
  EXPECT_EQ(human_size(5ull << 30), "5.0 GiB");
}

}  // namespace
}  // namespace ottobot::cli
