#include "run_view.hpp"

#include <algorithm>

#include "terminal_text.hpp"

namespace ottobot::cli {
namespace {

constexpr std::size_t kMaxLineBytes = 160;

// `text` on one line, cut.
std::string short_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (line.size() > kMaxLineBytes) break;
    const bool blank = c == '\n' || c == '\t' || c == '\r' || c == ' ';
    if (!blank) line += c;
    if (blank && !line.empty() && line.back() != ' ') line += ' ';
  }
  const bool cut = line.size() > kMaxLineBytes;
  if (cut) line.resize(utf8_complete_prefix(std::string_view(line).substr(0, kMaxLineBytes)));
  return for_terminal(line) + (cut ? " …" : "");
}

// What a call is about: its command, its path, else all of its arguments.
std::string describe_args(const Json* args) {
  if (args == nullptr) return {};
  for (const char* telling : {"command", "path", "pattern", "url"}) {
    if (auto text = get_string(*args, telling); !text.empty()) return short_line(text);
  }
  return args->empty() ? std::string() : short_line(dump_json(*args));
}

}  // namespace

void RunView::event(const Event& event) {
  const auto text = [&](const char* member) { return for_terminal(get_string(event.data, member)); };
  switch (event.type) {
    case EventType::phase_changed:
      return line(Style::dim, "· " + text("message"));
    case EventType::agent_thinking:
      return line(Style::dim, text("content"));
    case EventType::agent_message:
      return agent_message(event);
    case EventType::tool_intent:
      return tool_intent(event);
    case EventType::tool_result:
      return tool_result(event);
    case EventType::warning:
    case EventType::sandbox_lost:
      return line(Style::yellow, "! " + text("message"));
    case EventType::turn_finished:
      if (const auto error = turn_error_text(event.data); !error.empty()) line(Style::red, "✗ " + error);
      return end_streamed();
    case EventType::status_changed:
      if (get_string(event.data, "status") == "error") line(Style::red, "✗ " + text("reason"));
      return;
    default:
      return;
  }
}

void RunView::delta(const Json& message) {
  if (get_string(message, "kind") != "delta") return;
  const auto id = get_string(message, "message_id");
  if (get_bool(message, "reset")) {
    if (streaming_) line(Style::yellow, "(that answer does not count)");
    streamed_id_.clear();
    return;
  }
  if (id != streamed_id_) end_streamed();
  streamed_id_ = id;
  streaming_ = true;
  out_ << for_terminal(get_string(message, "text")) << std::flush;
}

void RunView::note(std::string_view text) { line(Style::bold, text); }

// Its text is there already when it was streamed.
void RunView::agent_message(const Event& event) {
  if (event.id == streamed_id_) return end_streamed();
  if (const auto text = for_terminal(get_string(event.data, "content")); !text.empty()) line(Style::plain, text);
}

void RunView::tool_intent(const Event& event) {
  line(Style::cyan,
       "→ " + for_terminal(get_string(event.data, "name")) + " " + describe_args(find_member(event.data, "args")));
}

void RunView::tool_result(const Event& event) {
  const auto outcome = get_string(event.data, "outcome");
  const auto* content = find_member(event.data, "content");
  const auto said = content == nullptr ? std::string() : short_line(text_of_content(*content));
  line(outcome == "ok" ? Style::dim : Style::red, "← " + outcome + (said.empty() ? "" : " " + said));
}

void RunView::line(Style style, std::string_view text) {
  static constexpr std::string_view kCodes[] = {"", "\x1b[2m", "\x1b[1m", "\x1b[36m", "\x1b[31m", "\x1b[33m"};
  end_streamed();
  const auto code = colour_ ? kCodes[static_cast<int>(style)] : std::string_view();
  out_ << code << text << (code.empty() ? "" : "\x1b[0m") << std::endl;
}

void RunView::end_streamed() {
  if (std::exchange(streaming_, false)) out_ << std::endl;
}

}  // namespace ottobot::cli
