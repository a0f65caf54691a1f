// Line editing by libedit. Text goes above the line that is being typed: the line is wiped, and drawn again below.

#include <histedit.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>

#include "chat/line_input.hpp"

namespace ottobot::cli::chat {
namespace {

constexpr int kHistorySize = 500;
constexpr char kEndOfFile = 4;  // what libedit hands over for Ctrl-D on an empty line
constexpr std::size_t kPromptWidth = 2;

const char* prompt(EditLine*) { return "> "; }

struct EndEditor {
  void operator()(EditLine* editor) const { ::el_end(editor); }
};
struct EndHistory {
  void operator()(History* history) const { ::history_end(history); }
};

class TerminalInput final : public LineInput {
 public:
  TerminalInput() : history_(::history_init()), editor_(::el_init("ottobot", stdin, stdout, stderr)) {
    if (!usable()) return;
    HistEvent event{};
    ::history(history_.get(), &event, H_SETSIZE, kHistorySize);
    ::el_set(editor_.get(), EL_SIGNAL, 0);
    ::el_set(editor_.get(), EL_EDITOR, "emacs");
    ::el_set(editor_.get(), EL_PROMPT, &prompt);
    ::el_set(editor_.get(), EL_HIST, &::history, history_.get());
    ::el_set(editor_.get(), EL_UNBUFFERED, 1);  // also shows the prompt
  }
  ~TerminalInput() override {
    if (!usable()) return;
    wipe();
    put(pending_);
    ::el_set(editor_.get(), EL_UNBUFFERED, 0);
  }

  bool usable() const { return history_ && editor_; }

  std::vector<std::string> read() override {
    if (!visible_) show_again();
    int count = 0;
    const char* text = ::el_gets(editor_.get(), &count);
    if (text == nullptr || (count == 1 && text[0] == kEndOfFile)) {
      at_end_ = true;
      return {};
    }
    if (count <= 0 || (text[count - 1] != '\n' && text[count - 1] != '\r')) return {};
    std::string line(text, static_cast<std::size_t>(count - 1));
    if (!line.empty()) {
      HistEvent event{};
      ::history(history_.get(), &event, H_ENTER, line.c_str());
    }
    visible_ = false;
    start_line();
    write("");
    return {std::move(line)};
  }

  bool at_end() const override { return at_end_; }

  void write(std::string_view text) override {
    pending_ += text;
    // Half a line would push what is being typed around: it waits for its end then.
    const bool typing = visible_ && typed() > 0;
    const std::size_t ready = typing ? pending_.rfind('\n') + 1 : pending_.size();
    if (ready == 0) return;
    wipe();
    put(std::string_view(pending_).substr(0, ready));
    const bool at_line_start = pending_[ready - 1] == '\n';
    pending_.erase(0, ready);
    if (at_line_start) draw();
  }

  void clear() override {
    wipe();
    start_line();
  }

 private:
  std::size_t typed() const {
    const LineInfo* info = ::el_line(editor_.get());
    return static_cast<std::size_t>(info->lastchar - info->buffer);
  }

  static std::size_t columns() {
    winsize size{};
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  }

  static void put(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }

  // An empty line with its prompt.
  void start_line() {
    ::el_set(editor_.get(), EL_UNBUFFERED, 0);
    ::el_set(editor_.get(), EL_UNBUFFERED, 1);
    visible_ = true;
  }

  void draw() {
    ::el_resize(editor_.get());
    ::el_set(editor_.get(), EL_REFRESH);
    visible_ = true;
  }

  // The key that was hit belongs to a line of its own, not behind the text that streams.
  void show_again() {
    put("\n");
    draw();
  }

  void wipe() {
    if (!visible_) return;
    const LineInfo* info = ::el_line(editor_.get());
    const auto before = kPromptWidth + static_cast<std::size_t>(info->cursor - info->buffer);
    std::string codes = "\r";
    if (const auto rows = before / columns(); rows > 0) codes += "\x1b[" + std::to_string(rows) + "A";
    put(codes + "\x1b[J");
    visible_ = false;
  }

  const std::unique_ptr<History, EndHistory> history_;
  const std::unique_ptr<EditLine, EndEditor> editor_;
  std::string pending_;
  bool visible_ = true;
  bool at_end_ = false;
};

}  // namespace

Result<std::unique_ptr<LineInput>> make_terminal_input() {
  std::setlocale(LC_CTYPE, "");
  auto input = std::make_unique<TerminalInput>();
  if (!input->usable()) return unsupported("this terminal cannot edit lines");
  return std::unique_ptr<LineInput>(std::move(input));
}

}  // namespace ottobot::cli::chat
