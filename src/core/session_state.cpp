#include "ottobot/session_state.hpp"

#include "core/conversation_hash.hpp"

namespace ottobot {
namespace {

constexpr int kCheckpointVersion = 2;

ToolResultPart result_of(const Event& event, const ToolCallPart& call) {
  ToolResultPart result;
  result.call_id = call.call_id;
  result.provider_id = call.provider_id;
  result.name = call.name;
  result.outcome = parse_tool_outcome(get_string(event.data, "outcome")).value_or(ToolOutcome::error);
  if (const Json* content = find_member(event.data, "content")) result.content = *content;
  if (const Json* structured = find_member(event.internal, "structured")) result.structured = *structured;
  return result;
}

// A call of a turn that ended before its result came: one that was sent may have had its effect.
ToolResultPart unanswered(const OpenToolCall& open) {
  const char* text =
      open.intended ? "outcome unknown: the turn ended before the result came; check what it did before you repeat it"
                    : "not run: the turn ended";
  return {open.call.call_id,
          open.call.provider_id,
          open.call.name,
          open.intended ? ToolOutcome::unknown : ToolOutcome::not_run,
          Json::array({{{"type", "text"}, {"text", text}}}),
          nullptr};
}

}  // namespace

void SessionState::apply(const Event& event) {
  last_seq_ = event.seq;
  switch (event.type) {
    case EventType::session_created:
      environment_ = get_string(event.data, "environment");
      model_ = get_string(event.data, "model");
      break;
    case EventType::model_changed:
      model_ = get_string(event.data, "model", model_);
      break;
    case EventType::phase_changed:
      phase_ = get_string(event.data, "phase");
      leave_expiry_when_deleted();
      break;
    case EventType::status_changed:
      apply_status(event);
      break;
    case EventType::user_prompt:
      queued_.push_back({event.seq, get_string(event.data, "content")});
      if (!turn_) start_next_turn();
      break;
    case EventType::model_call_started:
      if (turn_) ++turn_->steps;
      break;
    case EventType::agent_message:
      apply_agent_message(event);
      break;
    case EventType::tool_intent:
      apply_intent(event);
      break;
    case EventType::tool_result:
      apply_result(event);
      break;
    case EventType::stop_requested:
      if (turn_) turn_->stop_requested = true;
      break;
    case EventType::delete_requested:
      delete_requested_ = true;
      leave_expiry_when_deleted();
      // An expired session has ended already, but is still to be deleted.
      if (status_ == SessionStatus::terminated) status_ = SessionStatus::terminating;
      break;
    case EventType::turn_finished:
      finish_turn();
      break;
    case EventType::agent_thinking:
    case EventType::approval_requested:
    case EventType::approval_answered:
    case EventType::workspace_changed:
    case EventType::sandbox_lost:
    case EventType::condensed:
    case EventType::warning:
    case EventType::log:
      break;
  }
}

bool SessionState::has_work() const {
  if (status_ == SessionStatus::terminated) return turn_.has_value() && !delete_requested_;
  return turn_.has_value() || delete_requested_;
}

// What is expired can come back, what is deleted cannot: the owner may have been about to let it expire.
void SessionState::leave_expiry_when_deleted() {
  if (delete_requested_ && phase_ == phase::kExpired) phase_ = phase::kReady;
}

void SessionState::apply_status(const Event& event) {
  const auto status = parse_session_status(get_string(event.data, "status"));
  if (!status) return;
  status_ = *status;
  if (status_ == SessionStatus::running && turn_ && turn_->started_at == 0) turn_->started_at = event.timestamp;
}

void SessionState::apply_agent_message(const Event& event) {
  const Json* stored = find_member(event.internal, "message");
  auto message = stored ? message_from_json(*stored) : Result<Message>(Message{Role::model, {}});
  if (!message) message = Message{Role::model, {TextPart{get_string(event.data, "content"), nullptr}}};
  if (const Json* usage = find_member(event.data, "usage")) {
    usage_ += usage_from_json(*usage);
    if (turn_) turn_->usage += usage_from_json(*usage);
  }
  open_calls_.clear();
  for (const Part& part : message->parts) {
    if (const auto* call = std::get_if<ToolCallPart>(&part)) open_calls_.push_back({*call, false, {}, std::nullopt});
  }
  answered_ = open_calls_.empty();
  add_message(std::move(*message));
}

OpenToolCall* SessionState::find_open_call(const Event& event) {
  const std::string call_id = get_string(event.data, "call_id");
  for (OpenToolCall& open : open_calls_) {
    if (open.call.call_id == call_id) return &open;
  }
  return nullptr;
}

void SessionState::apply_intent(const Event& event) {
  if (turn_ && !get_bool(event.internal, "read_only")) {
    turn_->workspace_touched = true;
    const Json* args = find_member(event.data, "args");
    const std::string path = args ? get_string(*args, "path") : std::string();
    if (!path.empty() && changed_files_.insert(path).second) turn_->changed_files.push_back(path);
  }
  if (OpenToolCall* open = find_open_call(event)) {
    open->intended = true;
    open->boot_id = get_string(event.internal, "boot_id");
  }
}

void SessionState::apply_result(const Event& event) {
  OpenToolCall* open = find_open_call(event);
  if (!open) return;
  open->result = result_of(event, open->call);
  for (const OpenToolCall& call : open_calls_) {
    if (!call.result) return;
  }
  join_results();
}

void SessionState::join_results() {
  Message results{Role::user, {}};
  for (OpenToolCall& open : open_calls_) results.parts.push_back(std::move(*open.result));
  open_calls_.clear();
  add_message(std::move(results));
}

void SessionState::finish_turn() {
  for (OpenToolCall& open : open_calls_) {
    if (open.result) continue;
    open.result = unanswered(open);
  }
  if (!open_calls_.empty()) join_results();
  answered_ = false;
  turn_.reset();
  changed_files_.clear();
  if (status_ == SessionStatus::running) status_ = SessionStatus::ready;
  if (!queued_.empty()) start_next_turn();
}

void SessionState::start_next_turn() {
  PendingPrompt prompt = std::move(queued_.front());
  queued_.pop_front();
  turn_ = Turn{};
  turn_->prompt_seq = prompt.seq;
  add_message({Role::user, {TextPart{std::move(prompt.content), nullptr}}});
}

void SessionState::add_message(Message message) {
  conversation_hash_ = core::conversation_hash(conversation_hash_, message);
  messages_.push_back(std::move(message));
}

Json SessionState::to_checkpoint() const {
  Json messages = Json::array();
  for (const Message& message : messages_) messages.push_back(to_json(message));
  Json queued = Json::array();
  for (const PendingPrompt& prompt : queued_) queued.push_back({{"seq", prompt.seq}, {"content", prompt.content}});
  Json calls = Json::array();
  for (const OpenToolCall& open : open_calls_) {
    Json call{
        {"call", to_json(Message{Role::model, {open.call}})}, {"intended", open.intended}, {"boot_id", open.boot_id}};
    if (open.result) call["result"] = to_json(Message{Role::user, {*open.result}});
    calls.push_back(std::move(call));
  }
  Json checkpoint{{"version", kCheckpointVersion},
                  {"last_seq", last_seq_},
                  {"status", to_string(status_)},
                  {"phase", phase_},
                  {"environment", environment_},
                  {"model", model_},
                  {"usage", to_json(usage_)},
                  {"queued", std::move(queued)},
                  {"delete_requested", delete_requested_},
                  {"messages", std::move(messages)},
                  {"conversation_hash", conversation_hash_},
                  {"open_calls", std::move(calls)},
                  {"answered", answered_}};
  if (turn_) {
    checkpoint["turn"] = {{"prompt_seq", turn_->prompt_seq},         {"steps", turn_->steps},
                          {"usage", to_json(turn_->usage)},          {"started_at", turn_->started_at},
                          {"stop_requested", turn_->stop_requested}, {"workspace_touched", turn_->workspace_touched},
                          {"changed_files", turn_->changed_files}};
  }
  return checkpoint;
}

namespace {

Result<OpenToolCall> open_call_from_json(const Json& json) {
  OpenToolCall open;
  auto call = message_from_json(json.at("call"));
  if (!call) return fail(call.error());
  open.call = std::get<ToolCallPart>(call->parts.at(0));
  open.intended = get_bool(json, "intended");
  open.boot_id = get_string(json, "boot_id");
  if (const Json* stored = find_member(json, "result")) {
    auto result = message_from_json(*stored);
    if (!result) return fail(result.error());
    open.result = std::get<ToolResultPart>(result->parts.at(0));
  }
  return open;
}

Turn turn_from_json(const Json& json) {
  Turn turn;
  turn.prompt_seq = get_int(json, "prompt_seq");
  turn.steps = static_cast<int>(get_int(json, "steps"));
  turn.usage = usage_from_json(json.at("usage"));
  turn.started_at = get_int(json, "started_at");
  turn.stop_requested = get_bool(json, "stop_requested");
  turn.workspace_touched = get_bool(json, "workspace_touched");
  turn.changed_files = json.at("changed_files").get<std::vector<std::string>>();
  return turn;
}

}  // namespace

Result<SessionState> SessionState::from_checkpoint(const Json& checkpoint) {
  if (get_int(checkpoint, "version") != kCheckpointVersion) return data_loss("checkpoint of another version");
  SessionState state;
  try {
    state.last_seq_ = checkpoint.at("last_seq").get<Seq>();
    state.status_ = parse_session_status(get_string(checkpoint, "status")).value_or(SessionStatus::initializing);
    state.phase_ = get_string(checkpoint, "phase");
    state.environment_ = get_string(checkpoint, "environment");
    state.model_ = get_string(checkpoint, "model");
    state.usage_ = usage_from_json(checkpoint.at("usage"));
    state.delete_requested_ = get_bool(checkpoint, "delete_requested");
    state.conversation_hash_ = get_string(checkpoint, "conversation_hash");
    state.answered_ = get_bool(checkpoint, "answered");
    if (const Json* turn = find_member(checkpoint, "turn")) {
      state.turn_ = turn_from_json(*turn);
      state.changed_files_.insert(state.turn_->changed_files.begin(), state.turn_->changed_files.end());
    }
    for (const Json& prompt : checkpoint.at("queued")) {
      state.queued_.push_back({get_int(prompt, "seq"), get_string(prompt, "content")});
    }
    for (const Json& stored : checkpoint.at("messages")) {
      auto message = message_from_json(stored);
      if (!message) return data_loss("damaged checkpoint: " + message.error().message);
      state.messages_.push_back(std::move(*message));
    }
    for (const Json& stored : checkpoint.at("open_calls")) {
      auto open = open_call_from_json(stored);
      if (!open) return data_loss("damaged checkpoint: " + open.error().message);
      state.open_calls_.push_back(std::move(*open));
    }
  } catch (const std::exception& e) {
    return data_loss(std::string("damaged checkpoint: ") + e.what());
  }
  return state;
}

}  // namespace ottobot
