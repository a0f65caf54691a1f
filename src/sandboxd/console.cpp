#include "sandboxd/console.hpp"

#include <fcntl.h>

#include <array>
#include <cstdio>

#include "sandboxd/files.hpp"
#include "sandboxd/text.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kDim = "\x1b[38;5;245m";
constexpr std::string_view kFolder = "\x1b[1;38;5;75m";
constexpr std::string_view kPrompt = "\x1b[1;38;5;220m";
constexpr std::string_view kCommand = "\x1b[1;38;5;255m";
constexpr std::string_view kGood = "\x1b[38;5;114m";
constexpr std::string_view kBad = "\x1b[1;38;5;203m";
constexpr std::string_view kAdded = "\x1b[38;5;114m";
constexpr std::string_view kRemoved = "\x1b[38;5;203m";
constexpr std::string_view kFile = "\x1b[1;38;5;147m";

// More than this per second nobody can read.
constexpr std::size_t kBytesPerSecond = 256U << 10U;

std::string shown_duration(std::chrono::milliseconds duration) {
  std::array<char, 32> text{};
  auto seconds = static_cast<double>(duration.count()) / 1000;
  std::snprintf(text.data(), text.size(), seconds < 10 ? "%.2f s" : "%.0f s", seconds);
  return text.data();
}

std::string painted(std::string_view colour, std::string_view text) {
  return std::string(colour).append(text).append(kReset);
}

// Continued lines of a command stand under its first one.
std::string indented(const std::string& command) {
  std::string text;
  for (char c : command) {
    text += c;
    if (c == '\n') text += "    ";
  }
  return text;
}

}  // namespace

Console::Console(std::string path, std::string root, std::size_t max_bytes)
    : path_(std::move(path)), root_(std::move(root)), max_bytes_(max_bytes) {
  fd_.reset(::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644));
}

std::string Console::shown_folder(const std::string& folder) const {
  if (folder.substr(0, root_.size()) != root_) return folder;
  return "~/" + root_.substr(root_.rfind('/') + 1) + folder.substr(root_.size());
}

void Console::command_started(const std::string& source, const std::string& folder, const std::string& command) {
  std::lock_guard lock(mutex_);
  std::string shown = ControlFilter().filter(command);
  sources_[source] = {ControlFilter(), std::string(first_chars(shown.substr(0, shown.find('\n')), 60))};
  begin_line();
  append(painted(kFolder, shown_folder(folder)) + " " + painted(kPrompt, "$") + " " +
         painted(kCommand, indented(shown)) + "\n");
  speaker_ = source;
}

void Console::speak_as(const std::string& source) {
  if (speaker_ == source) return;
  begin_line();
  append(painted(kDim, "── " + source + " · " + sources_[source].command) + "\n");
  speaker_ = source;
}

void Console::output(const std::string& source, std::string_view bytes) {
  std::lock_guard lock(mutex_);
  std::string text = sources_[source].filter.filter(bytes);
  if (text.empty()) return;
  std::size_t allowed = take_budget(text.size());
  if (allowed < text.size() && skipping_) return;
  speak_as(source);
  append(std::string_view(text).substr(0, allowed));
  if (allowed == text.size()) {
    skipping_ = false;
    return;
  }
  skipping_ = true;
  begin_line();
  append(painted(kDim, "… more output than can be shown …") + "\n");
}

std::size_t Console::take_budget(std::size_t wanted) {
  auto now = std::chrono::steady_clock::now();
  if (now - budget_since_ >= std::chrono::seconds(1)) {
    budget_since_ = now;
    budget_ = kBytesPerSecond;
  }
  std::size_t taken = std::min(wanted, budget_);
  budget_ -= taken;
  return taken;
}

void Console::command_finished(const std::string& source, bool ok, const std::string& outcome,
                               std::chrono::milliseconds duration) {
  std::lock_guard lock(mutex_);
  speak_as(source);
  begin_line();
  append(std::string(kReset) + painted(ok ? kGood : kBad, (ok ? "✓ " : "✗ ") + outcome) +
         painted(kDim, " · " + shown_duration(duration)) + "\n\n");
  sources_.erase(source);
  speaker_.clear();
}

void Console::file_changed(std::string_view verb, const std::string& path, std::string_view diff) {
  std::lock_guard lock(mutex_);
  begin_line();
  append(painted(kFile, "● " + std::string(verb) + " " + ControlFilter().filter(path)) + "\n");
  for (std::string_view line : split_lines(diff)) {
    std::string text = ControlFilter().filter(line.substr(0, line.find('\n')).substr(0, 400));
    std::string_view colour = line.front() == '+' ? kAdded : line.front() == '-' ? kRemoved : kDim;
    append("  " + painted(colour, text) + "\n");
  }
  append("\n");
  speaker_.clear();
}

void Console::begin_line() {
  if (line_begun_) append(std::string(kReset) + "\n");
}

void Console::append(std::string_view text) {
  if (text.empty() || !fd_) return;
  line_begun_ = text.back() != '\n';
  ssize_t written = ::write(fd_.get(), text.data(), text.size());
  if (written > 0) size_ += static_cast<std::size_t>(written);
  if (size_ > max_bytes_) rotate();
}

// A follower notices the new file by its inode.
void Console::rotate() {
  auto tail = read_range(fd_.get(), size_ - max_bytes_ / 2, max_bytes_ / 2);
  std::string fresh = path_ + ".new";
  net::UniqueFd fd(::open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644));
  if (!tail || !fd) return;
  std::size_t line = std::min(tail->find('\n'), tail->size() - 1) + 1;
  std::string_view kept = std::string_view(*tail).substr(line);
  ssize_t written = ::write(fd.get(), kept.data(), kept.size());
  if (::rename(fresh.c_str(), path_.c_str()) != 0) return;
  fd_ = std::move(fd);
  size_ = written > 0 ? static_cast<std::size_t>(written) : 0;
}

}  // namespace ottobot::sandboxd
