// open_vscode where VS Code, or a part of it, is missing.
#include "sandboxd/editor.hpp"

#include <sys/stat.h>

#include "sandboxd/gui_fixture.hpp"

namespace ottobot::sandboxd {
namespace {

using ::testing::HasSubstr;

class EditorTest : public GuiFixture {
 protected:
  void adjust(ToolsetOptions& options) override {
    GuiFixture::adjust(options);
    options.environment["PATH"] = programs_.path();
  }
  void install(const std::string& name) {
    programs_.write(name, "#!/bin/sh\nexit 1\n");
    ASSERT_EQ(::chmod((programs_ / name).c_str(), 0755), 0);
  }
  TempFolder programs_;
};

TEST_F(EditorTest, NamesWhatIsMissing) {
  EXPECT_THAT(problem("open_vscode", {{"path", "."}}), HasSubstr("neither code-server nor code is installed"));
  install("code-server");
  EXPECT_THAT(problem("open_vscode", {{"path", "."}}), HasSubstr("chromium or firefox is missing"));
}

TEST_F(EditorTest, SaysWhatAServerSaidThatDoesNotStart) {
  install("code-server");
  install("chromium");
  programs_.write("code-server", "#!/bin/sh\necho out of disk >&2\nexit 1\n");
  const std::string said = problem("open_vscode", {{"path", "."}});
  EXPECT_THAT(said, HasSubstr("code-server ended"));
  EXPECT_THAT(said, HasSubstr("out of disk"));
}

TEST_F(EditorTest, PathsAreThoseOfTheWorkspace) {
  EXPECT_THAT(problem("open_vscode", {{"path", "missing.txt"}}), HasSubstr("missing.txt"));
  EXPECT_THAT(problem("open_vscode", {{"path", "/etc/passwd"}}), HasSubstr("/etc/passwd"));
}

TEST(CodeServerUrl, NamesTheFolderAndTheFile) {
  EXPECT_EQ(code_server_url(4000, {"/home/a b", ""}), "http://127.0.0.1:4000/?folder=/home/a%20b");
  EXPECT_EQ(code_server_url(4000, {"/w", "/w/ä&.txt"}),
            "http://127.0.0.1:4000/?folder=/w&payload=%5B%5B%22openFile%22%2C%22vscode-remote%3A//"
            "127.0.0.1%3A4000/w/%C3%A4%26.txt%22%5D%5D");
}

}  // namespace
}  // namespace ottobot::sandboxd
