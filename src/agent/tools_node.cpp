#include "agent/tools_node.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include "agent/acknowledgements.hpp"

namespace ottobot::agent {
namespace {

// Replies on their way from the threads that run the calls to the one that owns the log.
class ReplyQueue {
 public:
  struct Item {
    std::size_t index;
    Result<ToolReply> reply;
  };

  void push(Item item) {
    std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    arrived_.notify_one();
  }

  Item pop() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !items_.empty(); });
    Item item = std::move(items_.front());
    items_.pop_front();
    return item;
  }

 private:
  std::mutex mutex_;  // guards items_
  std::condition_variable arrived_;
  std::deque<Item> items_;
};

ToolReply not_run_reply() { return text_reply("not run: the turn was stopped", ToolOutcome::not_run); }

ToolReply unknown_reply() {
  return text_reply(
      "outcome unknown: the sandbox restarted while this ran. It is not run again; check what it did before you repeat "
      "it.",
      ToolOutcome::unknown);
}

void clip(ToolReply& reply, std::size_t max_chars) {
  if (!reply.content.is_array()) reply.content = Json::array();
  for (Json& block : reply.content) {
    if (get_string(block, "type") != "text") continue;
    block["text"] = clip_middle(to_valid_utf8(get_string(block, "text")), max_chars);
  }
}

}  // namespace

Result<void> ToolsNode::run(const SessionState& state, Emitter& emitter, const CallContext& ctx) {
  auto plans = plan(state, ctx);
  if (!plans) return fail(plans.error());
  const std::span<const Plan> all(*plans);
  for (std::size_t begin = 0; begin < all.size();) {
    std::size_t end = begin + 1;
    while (all[begin].read_only && end < all.size() && all[end].read_only &&
           end - begin < static_cast<std::size_t>(options_.max_parallel_tools)) {
      ++end;
    }
    if (auto done = run_group(all.subspan(begin, end - begin), emitter, ctx); !done) return done;
    begin = end;
  }
  return {};
}

Result<std::vector<ToolsNode::Plan>> ToolsNode::plan(const SessionState& state, const CallContext& ctx) {
  std::vector<Plan> plans;
  for (const OpenToolCall& open : state.open_calls()) {
    if (!open.result) plans.push_back({open.call, false, open.intended, open.boot_id});
  }
  if (ctx.stop.stop_requested()) return plans;
  auto specs = list_.of_turn(state, ctx);
  if (!specs) return fail(specs.error());
  for (Plan& plan : plans) {
    for (const ToolSpec& spec : **specs) {
      if (spec.name == plan.call.name) plan.read_only = spec.read_only;
    }
  }
  return plans;
}

Result<void> ToolsNode::run_group(std::span<const Plan> group, Emitter& emitter, const CallContext& ctx) {
  const bool stopped = emitter.state().turn() && emitter.state().turn()->stop_requested;
  if (stopped || ctx.stop.stop_requested()) {
    // Stopped by the user: what was not sent is on record as not run. Stopped from outside: the next owner runs it.
    if (!stopped) return cancelled();
    for (const Plan& plan : group) {
      if (auto done = commit_reply(plan.call, reply_when_stopped(plan, ctx), emitter); !done) return done;
    }
    return {};
  }
  std::vector<NewEvent> intents;
  std::vector<Plan> sent;
  for (const Plan& plan : group) {
    if (plan.intended && plan.boot_id != tools_.boot_id()) {
      if (auto done = commit_reply(plan.call, unknown_reply(), emitter); !done) return done;
      continue;
    }
    if (!plan.intended) intents.push_back(events::tool_intent(plan.call, tools_.boot_id(), plan.read_only));
    sent.push_back(plan);
  }
  if (sent.empty()) return {};
  if (!intents.empty()) {
    if (auto done = commit_intents(std::move(intents), emitter, ctx); !done) return done;
  }
  return run_side_by_side(sent, emitter, ctx);
}

Result<void> ToolsNode::commit_intents(std::vector<NewEvent> intents, Emitter& emitter, const CallContext& ctx) {
  const bool reads = std::all_of(intents.begin(), intents.end(),
                                 [](const NewEvent& intent) { return get_bool(intent.internal, "read_only"); });
  if (auto done = emitter.commit(std::move(intents)); !done) return done;
  const auto specs = list_.of_turn(emitter.state(), ctx);
  if (!specs) return {};  // they are acknowledged with the next ones
  (reads ? acknowledge_reads : acknowledge_all)(emitter.state(), **specs, tools_);
  return {};
}

// A call that a former owner sent is cancelled where it runs; what it gave so far is its result.
ToolReply ToolsNode::reply_when_stopped(const Plan& plan, const CallContext& ctx) {
  if (!plan.intended) return not_run_reply();
  if (plan.boot_id != tools_.boot_id()) return unknown_reply();
  std::stop_source stopped;
  stopped.request_stop();
  auto reply = tools_.call_tool(
      {plan.call.call_id, plan.call.name, plan.call.args}, [](const std::string&) {},
      ctx.with_stop(stopped.get_token()));
  return reply ? std::move(*reply) : unknown_reply();
}

Result<void> ToolsNode::run_side_by_side(std::span<const Plan> group, Emitter& emitter, const CallContext& ctx) {
  ReplyQueue replies;
  const CallContext bounded = ctx.within(options_.tool_timeout);
  const auto call = [&](std::size_t i) {
    const ToolCallPart& part = group[i].call;
    replies.push({i, tools_.call_tool(
                         {part.call_id, part.name, part.args}, [](const std::string&) {}, bounded)});
  };
  std::vector<std::jthread> threads;  // own threads: a turn's children never wait for the pool that it runs on
  if (group.size() == 1) {
    call(0);
  } else {
    for (std::size_t i = 0; i < group.size(); ++i) {
      try {
        threads.emplace_back(call, i);
      } catch (const std::system_error&) {
        call(i);  // no thread to be had: one after the other then
      }
    }
  }
  Result<void> outcome;
  for (std::size_t done = 0; done < group.size(); ++done) {
    auto [index, reply] = replies.pop();
    if (!outcome) continue;  // a call or the log failed: the others are waited for, and left open for the next owner
    if (!reply) {
      outcome = fail(reply.error());
      continue;
    }
    const bool last = done + 1 == group.size();
    outcome = commit_reply(group[index].call, std::move(*reply), emitter, last ? Commit::with_next : Commit::now);
  }
  return outcome;
}

Result<void> ToolsNode::commit_reply(const ToolCallPart& call, ToolReply reply, Emitter& emitter, Commit when) {
  clip(reply, options_.max_output_chars);
  ToolResultPart result{call.call_id,  call.provider_id,         call.name,
                        reply.outcome, std::move(reply.content), std::move(reply.structured)};
  // The next group's intents, the next model call or the end of the turn follow the last reply at once.
  std::vector<NewEvent> batch;  // not a braced list, whose elements could only be copied
  batch.push_back(events::tool_result(std::move(result)));
  return when == Commit::with_next ? emitter.commit_with_next(std::move(batch)) : emitter.commit(std::move(batch));
}

}  // namespace ottobot::agent
