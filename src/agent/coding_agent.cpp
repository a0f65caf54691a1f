#include "ottobot/agent/coding_agent.hpp"

#include "agent/acknowledgements.hpp"
#include "agent/model_node.hpp"
#include "agent/tools_node.hpp"

namespace ottobot {
namespace {

constexpr const char* kBegin = "begin";
constexpr const char* kModel = "model";
constexpr const char* kTools = "tools";
constexpr const char* kFinish = "finish";

bool out_of_time(const Turn& turn, Clock& clock, const CodingAgentOptions& options) {
  return turn.started_at != 0 && clock.now_ms() - turn.started_at >= options.max_turn_time.count();
}

events::TurnSummary summary_of(const SessionState& state, Clock& clock, const CodingAgentOptions& options) {
  const Turn& turn = *state.turn();
  events::TurnSummary summary{TurnOutcome::completed, turn.steps, turn.usage, {}};
  if (state.answered()) return summary;
  if (turn.stop_requested) {
    summary.outcome = TurnOutcome::stopped;
  } else if (out_of_time(turn, clock, options)) {
    summary.outcome = TurnOutcome::limit;
    summary.error = resource_exhausted("the turn reached its time limit", "send another prompt to go on").value();
  } else {
    summary.outcome = TurnOutcome::limit;
    summary.error =
        resource_exhausted("the turn reached its limit of " + std::to_string(options.max_steps) + " model calls",
                           "send another prompt to go on")
            .value();
  }
  return summary;
}

// What the nodes share.
struct Parts {
  Parts(LlmProvider& provider, ToolBox& box, const CodingAgentOptions& options)
      : list(box), model(provider, list, options), tools(box, list, options) {}

  agent::ToolList list;
  agent::ModelNode model;
  agent::ToolsNode tools;
};

}  // namespace

Graph make_coding_agent(LlmProvider& provider, ToolBox& tools, Clock& clock, CodingAgentOptions options) {
  Graph graph([&clock, options](const SessionState& state) -> std::string {
    if (!state.turn()) return Graph::kEnd;
    if (state.turn()->started_at == 0) return kBegin;
    if (!state.open_calls().empty()) return kTools;
    const Turn& turn = *state.turn();
    const bool ended = state.answered() || turn.stop_requested || turn.steps >= options.max_steps;
    return ended || out_of_time(turn, clock, options) ? kFinish : kModel;
  });
  graph.add_node(kBegin, [](const SessionState&, Emitter& emitter, const CallContext&) {
    return emitter.commit({events::status_changed(SessionStatus::running)});
  });
  const auto parts = std::make_shared<Parts>(provider, tools, options);
  graph.add_node(kModel, [parts](const SessionState& state, Emitter& emitter, const CallContext& ctx) {
    return parts->model.run(state, emitter, ctx);
  });
  graph.add_node(kTools, [parts](const SessionState& state, Emitter& emitter, const CallContext& ctx) {
    return parts->tools.run(state, emitter, ctx);
  });
  graph.add_node(kFinish,
                 [parts, &clock, &tools, options](const SessionState& state, Emitter& emitter, const CallContext& ctx) {
                   const auto specs = parts->list.of_turn(state, ctx);  // of the turn that ends here
                   auto ended = end_turn(emitter, options, summary_of(state, clock, options));
                   if (ended) agent::acknowledge_all(emitter.state(), specs ? **specs : std::vector<ToolSpec>(), tools);
                   return ended;
                 });
  graph.set_finish_point(kFinish);
  return graph;
}

Result<void> end_turn(Emitter& emitter, const CodingAgentOptions& options, const events::TurnSummary& summary) {
  std::vector<NewEvent> batch;
  if (options.closing_events) batch = options.closing_events(emitter.state());
  batch.push_back(events::turn_finished(summary));
  return emitter.commit(std::move(batch));
}

std::string clip_middle(const std::string& text, std::size_t max_chars) {
  const std::size_t length = utf8_length(text).value_or(text.size());
  if (length <= max_chars) return text;
  const std::size_t half = max_chars / 2;
  const auto is_start = [&](std::size_t i) { return (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80; };
  std::size_t head = 0;
  for (std::size_t seen = 0; head < text.size(); ++head) {
    if (is_start(head) && seen++ == half) break;
  }
  std::size_t tail = text.size();
  for (std::size_t seen = 0; seen < half && tail > head;) {
    if (is_start(--tail)) ++seen;
  }
  return text.substr(0, head) + "\n[… " + std::to_string(length - 2 * half) + " characters left out …]\n" +
         text.substr(tail);
}

}  // namespace ottobot
