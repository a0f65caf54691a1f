#include "json_schema/compiler.hpp"

namespace ottobot::json_schema {

Result<void> Compiler::run(const Json& schema) {
  auto root = graph_.index.add_root(schema);
  if (!root) return fail(root.error());
  graph_.root = node_of(*root->schema, *root->resource, {});
  while (!queue_.empty() && !error_) {
    const Work work = std::move(queue_.front());
    queue_.pop_front();
    compile(work);
    if (queue_.empty()) compile_dynamic_anchors();
  }
  if (error_) return fail(*error_);
  return {};
}

const Node* Compiler::node_of(const Json& schema, Resource& resource, std::string place) {
  const auto [entry, is_new] = known_.emplace(&schema, nullptr);
  if (is_new) {
    entry->second = &graph_.nodes.emplace_back();
    entry->second->resource = &resource;
    queue_.push_back({&schema, &resource, std::move(place), entry->second});
  }
  return entry->second;
}

void Compiler::compile(const Work& work) {
  if (work.schema->is_boolean()) {
    work.node->forbids = !work.schema->get<bool>();
    return;
  }
  if (!work.schema->is_object()) return refuse(work, {}, "a schema must be an object or a boolean");
  if (work.resource->asserts) {
    add_assertions(work);
    add_number_rules(work);
    add_string_rules(work);
  }
  add_array_rules(work);
  add_object_rules(work);
  add_in_place_rules(work);
  work.node->unevaluated_items = subschema(work, "unevaluatedItems");
  work.node->unevaluated_properties = subschema(work, "unevaluatedProperties");
}

// A $dynamicRef may lead to any of them, depending on how it was reached.
void Compiler::compile_dynamic_anchors() {
  if (!follows_dynamic_anchors_) return;
  for (Resource& resource : graph_.index.resources()) {
    for (const auto& [name, schema] : resource.dynamic_anchors) {
      resource.dynamic_nodes[name] = node_of(*schema, resource, "#" + name);
    }
  }
}

const Node* Compiler::referenced(const Work& work, const char* keyword, std::string* dynamic_anchor) {
  const Json* reference = find_member(*work.schema, keyword);
  if (!reference) return nullptr;
  if (!reference->is_string()) {
    refuse(work, keyword, "must be a string");
    return nullptr;
  }
  const std::string& text = reference->get_ref<const std::string&>();
  auto target = graph_.index.resolve(*work.resource, text);
  if (!target) {
    if (!error_) error_ = target.error();
    return nullptr;
  }
  if (dynamic_anchor && target->is_dynamic) {
    *dynamic_anchor = resolve_reference({}, text).fragment;
    follows_dynamic_anchors_ = true;
  }
  return node_of(*target->schema, *target->resource, text);
}

const Node* Compiler::child(const Work& work, const Json& schema, const std::string& place) {
  return node_of(schema, graph_.index.resource_of(schema, *work.resource), work.place + "/" + place);
}

void Compiler::refuse(const Work& work, const std::string& place, const std::string& text) {
  if (error_) return;
  const std::string where = place.empty() ? work.place : work.place + "/" + place;
  error_ = invalid_argument("in the schema, " + (where.empty() ? "the top" : where) + " " + text).value();
}

}  // namespace ottobot::json_schema
