#include "ottobot/agent/graph.hpp"

namespace ottobot {

Graph& Graph::add_node(std::string name, Node node) {
  nodes_[std::move(name)] = std::move(node);
  return *this;
}

Graph& Graph::set_finish_point(std::string name) {
  finish_point_ = std::move(name);
  return *this;
}

Result<void> Graph::run(Emitter& emitter, const CallContext& ctx) const {
  while (true) {
    const std::string name = router_(emitter.state());
    if (name == kEnd) return {};
    const auto node = nodes_.find(name);
    if (node == nodes_.end()) return internal_error("the graph has no node '" + name + "'");
    const Seq before = emitter.state().last_seq();
    if (auto done = node->second(emitter.state(), emitter, ctx); !done) return done;
    if (emitter.state().last_seq() == before) {
      return internal_error("node '" + name + "' ended without an event", "a node commits at least one event per run");
    }
    if (name == finish_point_) return {};
  }
}

}  // namespace ottobot
