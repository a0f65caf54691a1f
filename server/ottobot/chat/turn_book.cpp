#include "chat/turn_book.hpp"

namespace ottobot::cli::chat {

void TurnBook::start(const Standing& standing) {
  standing_ = standing;
  waiting_.resize(static_cast<std::size_t>(std::max(0, standing.unanswered)));
}

void TurnBook::sent(const std::string& client_id, const std::string& content) {
  sent_[client_id] = content;
  any_ours_ = true;
}

void TurnBook::frame(const Json& frame) {
  const Seq seq = get_int(frame, "seq");
  seen_ = std::max(seen_, seq);
  if (seq <= standing_.last_seq) return;
  static const Json kNone = Json::object();
  const Json* member = find_member(frame, "metadata");
  const Json& metadata = member != nullptr ? *member : kNone;
  const auto type = get_string(frame, "type");
  if (type == "user_prompt") return prompt_logged(get_string(metadata, "client_id"));
  if (type != "system_update") return;
  if (const auto outcome = get_string(metadata, "outcome"); !outcome.empty()) return turn_ended(outcome == "completed");
  const auto status = get_string(metadata, "session_status");
  if (status == "error" || status == "terminated") broken_ = ours_failed_ = others_failed_ = true;
}

void TurnBook::prompt_logged(const std::string& client_id) { waiting_.push_back({sent_.erase(client_id) > 0}); }

void TurnBook::turn_ended(bool completed) {
  if (waiting_.empty()) return;
  const bool ours = waiting_.front().ours;
  waiting_.pop_front();
  if (completed) return;
  others_failed_ = true;
  ours_failed_ = ours_failed_ || ours;
}

}  // namespace ottobot::cli::chat
