#include "stores/redis/append_request.hpp"

#include <algorithm>
#include <iterator>

#include "stores/append_rules.hpp"
#include "stores/redis/row_fields.hpp"
#include "stores/redis/session_scripts.hpp"
#include "stores/stored_event.hpp"

namespace ottobot::stores {
namespace {

using redis::Arguments;

constexpr std::size_t kBlobIdChars = 64;

void add_list(Arguments& arguments, Arguments list) {
  arguments.push_back(std::to_string(list.size()));
  arguments.insert(arguments.end(), std::make_move_iterator(list.begin()), std::make_move_iterator(list.end()));
}

Arguments event_list(std::vector<EncodedEvent> events) {
  Arguments list;
  list.reserve(events.size() * 4);
  for (EncodedEvent& each : events) {
    list.push_back(each.event->id);
    list.emplace_back(to_string(each.event->type));
    list.push_back(std::move(each.data));
    list.push_back(std::move(each.internal).value_or(""));
  }
  return list;
}

Arguments blob_list(const std::vector<EncodedEvent>& events) {
  Arguments list;
  for (const EncodedEvent& each : events) {
    if (!each.internal) continue;
    for (std::string& id : find_blob_ids(*each.internal)) list.push_back(std::move(id));
  }
  return list;
}

// outcome, field, value
Arguments turn_list(const std::vector<NewEvent>& events) {
  Arguments list;
  for (const NewEvent& event : events) {
    const auto turn = finished_turn(event);
    if (!turn) continue;
    const Arguments fields = turn_fields(turn->cost);
    for (std::size_t n = 0; n < fields.size(); n += 2) {
      list.insert(list.end(), {std::string(to_string(turn->outcome)), fields[n], fields[n + 1]});
    }
  }
  return list;
}

bool has_prompt(const std::vector<NewEvent>& events) {
  return std::any_of(events.begin(), events.end(),
                     [](const NewEvent& event) { return event.type == EventType::user_prompt; });
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

// When Redis is full, new work is refused; what is there can go on to its end, and be ended.
redis::Request append_request(const SessionKeys& keys, const std::vector<NewEvent>& events, const RowPatch& patch,
                              const AppendConditions& conditions, const std::string& now) {
  auto encoded = encode_events(events);
  Arguments arguments{now, keys.id(), keys.channel(),
                      conditions.epoch ? std::to_string(*conditions.epoch) : std::string(),
                      conditions.if_last_seq ? std::to_string(*conditions.if_last_seq) : std::string()};
  add_list(arguments, patch_fields(patch));
  add_list(arguments, blob_list(encoded));
  add_list(arguments, turn_list(events));
  add_list(arguments, event_list(std::move(encoded)));
  const bool is_work = !conditions.epoch && has_prompt(events);
  return redis::Request::script(is_work ? session_scripts::append() : session_scripts::append_when_full(),
                                session_scripts::log_keys(keys), std::move(arguments));
}

Result<AppendResult> append_result(const AppendParams& params, const AppendConditions& conditions,
                                   const redis::ReplyView& reply) {
  const std::string_view outcome = reply[0].text();
  if (outcome == "missing") return no_session(params.session_id);
  if (outcome == "fenced") return stale_epoch(params.session_id, conditions.epoch.value_or(0));
  if (outcome == "part") return known_in_part();
  if (outcome == "moved") return log_moved(params.session_id, conditions.if_last_seq.value_or(0), reply[1].number());
  AppendResult result{{}, reply[1].number(), reply[2].number(), outcome == "known"};
  const Seq first = result.last_seq - static_cast<Seq>(params.events.size()) + 1;
  for (std::size_t n = 0; n < params.events.size(); ++n) {
    result.seqs.push_back(result.replayed ? reply[3 + n].number() : first + static_cast<Seq>(n));
  }
  return result;
}

redis::Request create_request(const SessionKeys& keys, const SessionRow& row, const std::vector<NewEvent>& events,
                              const std::string& key, const std::string& serial, const std::string& now) {
  Arguments arguments{now, keys.id(), keys.channel(), std::to_string(row.created_at), serial};
  Arguments fields = row_fields(row);
  if (!key.empty()) fields.insert(fields.end(), {"key", key});
  add_list(arguments, std::move(fields));
  add_list(arguments, event_list(encode_events(events)));
  auto all = session_scripts::log_keys(keys);
  all.insert(all.end(), {keys.all(), keys.of_user(row.user), keys.port_hosts()});
  return redis::Request::script(session_scripts::create(), all, std::move(arguments));
}

std::vector<std::string> find_blob_ids(std::string_view text) {
  std::vector<std::string> ids;
  std::size_t run = 0;
  for (std::size_t n = 0; n <= text.size(); ++n) {
    if (n < text.size() && is_hex(text[n])) {
      ++run;
      continue;
    }
    if (run == kBlobIdChars) ids.emplace_back(text.substr(n - run, run));
    run = 0;
  }
  return ids;
}

}  // namespace ottobot::stores
