#include "frame_view.hpp"

#include "terminal_text.hpp"
#include "text_table.hpp"

namespace ottobot::cli {
namespace {

constexpr std::size_t kMaxLine = 160;

// What a call is about: its command, its path, else all of its arguments.
std::string describe_args(const Json* args) {
  if (args == nullptr) return {};
  for (const char* telling : {"command", "path", "pattern", "url"}) {
    if (auto text = get_string(*args, telling); !text.empty()) return ellipsis(text, kMaxLine);
  }
  return args->empty() ? std::string() : ellipsis(dump_json(*args), kMaxLine);
}

// The command that gets what is ready; its URL ends with the session's id.
std::string download_command(const Json& metadata) {
  const auto url = get_string(metadata, "download_url");
  const auto id = url.substr(url.rfind('/') + 1);
  return id.empty() ? std::string() : ": ottobot download " + for_terminal(id);
}

}  // namespace

void FrameView::frame(const Json& frame) {
  static const Json kNone = Json::object();
  const Json* member = find_member(frame, "metadata");
  const Json& metadata = member != nullptr ? *member : kNone;
  const auto type = get_string(frame, "type");
  const auto content = for_terminal(get_string(frame, "content"));
  if (type == "agent_delta") return delta(frame, metadata);
  if (type == "agent_response") return agent_response(frame, metadata);
  if (type == "agent_action") return agent_action(frame, metadata);
  if (type == "system_update") return system_update(frame, metadata);
  if (type == "agent_thinking") return line(Style::dim, content);
  if (type == "user_prompt") return line(Style::bold, "> " + content);
  if (type == "error") return problem(content.empty() ? for_terminal(get_string(frame, "error")) : content);
  if (type == "download_ready") return line(Style::dim, "· " + content + download_command(metadata));
  line(Style::yellow, "? " + content);
}

void FrameView::note(std::string_view text) { line(Style::bold, text); }

void FrameView::problem(std::string_view text) { line(Style::red, "✗ " + std::string(text)); }

// A reader that was away for a while has a gap, which the whole message fills later.
void FrameView::delta(const Json& frame, const Json& metadata) {
  const auto id = get_string(metadata, "message_id");
  if (get_bool(metadata, "reset")) {
    if (streaming_) line(Style::yellow, "(that answer does not count)");
    streamed_id_.clear();
    streamed_text_.clear();
    return;
  }
  if (id != streamed_id_) {
    end_streamed();
    streamed_id_ = id;
    streamed_text_.clear();
  }
  const auto shown = static_cast<std::int64_t>(utf8_length(streamed_text_).value_or(0));
  if (get_int(metadata, "offset") != shown) return;
  const auto text = get_string(frame, "content");
  streamed_text_ += text;
  streaming_ = true;
  out_ << for_terminal(text) << std::flush;
}

void FrameView::agent_response(const Json& frame, const Json& metadata) {
  const auto content = get_string(frame, "content");
  const bool streamed = !streamed_text_.empty() && get_string(metadata, "message_id") == streamed_id_ &&
                        content.compare(0, streamed_text_.size(), streamed_text_) == 0;
  if (!streamed) return line(Style::plain, for_terminal(content));
  const auto rest = content.substr(streamed_text_.size());
  if (!rest.empty()) {
    out_ << for_terminal(rest);
    streaming_ = true;
  }
  streamed_text_ = content;
  end_streamed();
}

void FrameView::agent_action(const Json& frame, const Json& metadata) {
  const auto tool = for_terminal(get_string(metadata, "tool_used"));
  const auto outcome = get_string(metadata, "outcome");
  if (outcome.empty()) return line(Style::cyan, "→ " + tool + " " + describe_args(find_member(metadata, "args")));
  constexpr std::string_view kPrefix = "Tool result: ";
  auto said = get_string(frame, "content");
  if (said.compare(0, kPrefix.size(), kPrefix) == 0) said.erase(0, kPrefix.size());
  said = ellipsis(said, kMaxLine);
  line(outcome == "ok" ? Style::dim : Style::red, "← " + for_terminal(outcome) + (said.empty() ? "" : " " + said));
}

void FrameView::system_update(const Json& frame, const Json& metadata) {
  const auto content = for_terminal(get_string(frame, "content"));
  if (const auto outcome = get_string(metadata, "outcome"); !outcome.empty()) {
    return outcome == "completed" ? line(Style::dim, "· " + content) : line(Style::yellow, "! " + content);
  }
  if (find_member(metadata, "progress") != nullptr) {
    return line(Style::dim, "· " + content + " (" + std::to_string(get_int(metadata, "progress")) + " %)");
  }
  if (get_string(metadata, "session_status") == "error") return problem(content);
  if (find_member(metadata, "message") != nullptr) return line(Style::yellow, "! " + content);
  // The greeting and changes of status say nothing that the phases do not.
  if (find_member(metadata, "session_status") == nullptr) line(Style::dim, "· " + content);
}

void FrameView::line(Style style, std::string_view text) {
  static constexpr std::string_view kCodes[] = {"", "\x1b[2m", "\x1b[1m", "\x1b[36m", "\x1b[31m", "\x1b[33m"};
  end_streamed();
  const auto code = colour_ ? kCodes[static_cast<int>(style)] : std::string_view();
  out_ << code << text << (code.empty() ? "" : "\x1b[0m") << std::endl;
}

void FrameView::end_streamed() {
  if (std::exchange(streaming_, false)) out_ << std::endl;
}

}  // namespace ottobot::cli
