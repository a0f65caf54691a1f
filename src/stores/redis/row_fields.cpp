#include "stores/redis/row_fields.hpp"

#include <array>
#include <charconv>
#include <unordered_map>

namespace ottobot::stores {
namespace {

using redis::Arguments;
using redis::ReplyView;

std::string number(double value) {
  std::array<char, 40> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

double real(const ReplyView& value) {
  double number = 0;
  const std::string_view text = value.text();
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

class FieldList {
 public:
  void add(const char* name, const std::string& value) { push(name, value); }
  void add(const char* name, std::string_view value) { push(name, std::string(value)); }
  void add(const char* name, double value) { push(name, number(value)); }
  void add(const char* name, bool value) { push(name, value ? "1" : ""); }
  void add(const char* name, SessionStatus value) { push(name, std::string(to_string(value))); }
  template <class Integer>
  requires std::is_integral_v<Integer>
  void add(const char* name, Integer value) { push(name, std::to_string(value)); }
  void add(const char*, const Usage& usage) {
    add("input_tokens", usage.input_tokens);
    add("output_tokens", usage.output_tokens);
    add("cached_tokens", usage.cached_tokens);
    add("cost_usd", usage.cost_usd);
  }
  template <class Value>
  void add(const char* name, const std::optional<Value>& value) {
    if (value) add(name, *value);
  }
  // Leaves out what is 0 or empty.
  template <class Value>
  void add_set(const char* name, const Value& value) {
    if (value != Value{}) add(name, value);
  }

  Arguments take() { return std::move(fields_); }

 private:
  void push(const char* name, std::string value) {
    fields_.emplace_back(name);
    fields_.push_back(std::move(value));
  }
  Arguments fields_;
};

// Where a field of the hash goes in the row.
using Setter = void (*)(SessionRow& row, const ReplyView& value);
const std::unordered_map<std::string_view, Setter>& setters() {
  static const std::unordered_map<std::string_view, Setter> kSetters{
      {"user", [](SessionRow& row, const ReplyView& value) { row.user = value.str(); }},
      {"created_at", [](SessionRow& row, const ReplyView& value) { row.created_at = value.number(); }},
      {"timeout_s", [](SessionRow& row, const ReplyView& value) { row.timeout_s = value.number(); }},
      {"initial_prompt", [](SessionRow& row, const ReplyView& value) { row.initial_prompt = value.str(); }},
      {"environment", [](SessionRow& row, const ReplyView& value) { row.environment = value.str(); }},
      {"model", [](SessionRow& row, const ReplyView& value) { row.model = value.str(); }},
      {"image", [](SessionRow& row, const ReplyView& value) { row.image = value.str(); }},
      {"status",
       [](SessionRow& row, const ReplyView& value) {
         row.status = parse_session_status(value.text()).value_or(SessionStatus::error);
       }},
      {"phase", [](SessionRow& row, const ReplyView& value) { row.phase = value.str(); }},
      {"expires_at", [](SessionRow& row, const ReplyView& value) { row.expires_at = value.number(); }},
      {"purge_at", [](SessionRow& row, const ReplyView& value) { row.purge_at = value.number(); }},
      {"input_tokens", [](SessionRow& row, const ReplyView& value) { row.usage.input_tokens = value.number(); }},
      {"output_tokens", [](SessionRow& row, const ReplyView& value) { row.usage.output_tokens = value.number(); }},
      {"cached_tokens", [](SessionRow& row, const ReplyView& value) { row.usage.cached_tokens = value.number(); }},
      {"cost_usd", [](SessionRow& row, const ReplyView& value) { row.usage.cost_usd = real(value); }},
      {"error", [](SessionRow& row, const ReplyView& value) { row.error = value.str(); }},
      {"host_id", [](SessionRow& row, const ReplyView& value) { row.host_id = value.str(); }},
      {"worker_id", [](SessionRow& row, const ReplyView& value) { row.worker_id = value.str(); }},
      {"vnc_port", [](SessionRow& row, const ReplyView& value) { row.vnc_port = static_cast<int>(value.number()); }},
      {"mcp_port", [](SessionRow& row, const ReplyView& value) { row.mcp_port = static_cast<int>(value.number()); }},
      {"archive_blob", [](SessionRow& row, const ReplyView& value) { row.archive_blob = value.str(); }},
      {"snapshot_blob", [](SessionRow& row, const ReplyView& value) { row.snapshot_blob = value.str(); }},
      {"snapshot_due", [](SessionRow& row, const ReplyView& value) { row.snapshot_due = value.number() != 0; }},
      {"restoring", [](SessionRow& row, const ReplyView& value) { row.restoring = value.number() != 0; }},
      {"last_seq", [](SessionRow& row, const ReplyView& value) { row.last_seq = value.number(); }},
      {"pending", [](SessionRow& row, const ReplyView& value) { row.pending = value.number() != 0; }},
  };
  return kSetters;
}

}  // namespace

Arguments row_fields(const SessionRow& row) {
  FieldList fields;
  fields.add_set("user", row.user);
  fields.add_set("timeout_s", row.timeout_s);
  fields.add_set("initial_prompt", row.initial_prompt);
  fields.add_set("environment", row.environment);
  fields.add_set("model", row.model);
  fields.add_set("image", row.image);
  fields.add("status", row.status);
  fields.add_set("phase", row.phase);
  fields.add_set("expires_at", row.expires_at);
  fields.add_set("purge_at", row.purge_at);
  if (row.usage != Usage{}) fields.add("", row.usage);
  fields.add_set("error", row.error);
  fields.add_set("host_id", row.host_id);
  fields.add_set("worker_id", row.worker_id);
  fields.add_set("vnc_port", row.vnc_port);
  fields.add_set("mcp_port", row.mcp_port);
  fields.add_set("archive_blob", row.archive_blob);
  fields.add_set("snapshot_blob", row.snapshot_blob);
  fields.add_set("snapshot_due", row.snapshot_due);
  fields.add_set("restoring", row.restoring);
  return fields.take();
}

Arguments patch_fields(const RowPatch& patch) {
  FieldList fields;
  fields.add("status", patch.status);
  fields.add("phase", patch.phase);
  fields.add("expires_at", patch.expires_at);
  fields.add("purge_at", patch.purge_at);
  fields.add("", patch.usage);
  fields.add("error", patch.error);
  fields.add("host_id", patch.host_id);
  fields.add("worker_id", patch.worker_id);
  fields.add("archive_blob", patch.archive_blob);
  fields.add("snapshot_blob", patch.snapshot_blob);
  fields.add("vnc_port", patch.vnc_port);
  fields.add("mcp_port", patch.mcp_port);
  fields.add("pending", patch.pending);
  fields.add("snapshot_due", patch.snapshot_due);
  fields.add("restoring", patch.restoring);
  return fields.take();
}

SessionRow row_from(const std::string& session_id, const ReplyView& reply) {
  SessionRow row;
  row.id = session_id;
  for (std::size_t n = 0; n + 1 < reply.size(); n += 2) {
    const std::string_view name = reply[n].text();
    if (name.starts_with("turns:")) {
      set_turn_field(row.turns, name.substr(6), reply[n + 1]);
    } else if (const auto setter = setters().find(name); setter != setters().end()) {
      setter->second(row, reply[n + 1]);
    }
  }
  return row;
}

Arguments turn_fields(const TurnTotals& cost) {
  FieldList fields;
  fields.add("turns", cost.turns);
  fields.add("steps", cost.steps);
  fields.add("duration_ms", cost.duration_ms);
  fields.add("", cost.usage);
  return fields.take();
}

void set_turn_field(TurnTotals& totals, std::string_view name, const ReplyView& value) {
  if (name == "turns") totals.turns = value.number();
  if (name == "steps") totals.steps = value.number();
  if (name == "duration_ms") totals.duration_ms = value.number();
  if (name == "input_tokens") totals.usage.input_tokens = value.number();
  if (name == "output_tokens") totals.usage.output_tokens = value.number();
  if (name == "cached_tokens") totals.usage.cached_tokens = value.number();
  if (name == "cost_usd") totals.usage.cost_usd = real(value);
}

}  // namespace ottobot::stores
