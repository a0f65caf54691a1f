#include "json_schema/schema_index.hpp"

#include <charconv>
#include <vector>

#include "json_schema/metaschema.hpp"
#include "json_schema/subschemas.hpp"

namespace ottobot::json_schema {

namespace {

constexpr int kMaxDepth = 200;
constexpr const char* kValidationVocabulary = "https://json-schema.org/draft/2020-12/vocab/validation";

std::string unescaped(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size();
    if (escape && token[i + 1] == '1') {
      out += '/';
      ++i;
    } else if (escape && token[i + 1] == '0') {
      out += '~';
      ++i;
    } else {
      out += token[i];
    }
  }
  return out;
}

const Json* step(const Json& from, const std::string& token) {
  if (from.is_object()) return find_member(from, token);
  if (!from.is_array()) return nullptr;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  const bool valid = error == std::errc() && end == token.data() + token.size() && index < from.size();
  return valid ? &from[index] : nullptr;
}

Failure nothing_at(const Resource& from, const std::string& reference) {
  const std::string base = from.uri.empty() ? std::string() : " (seen from " + from.uri + ")";
  return invalid_argument("$ref \"" + reference + "\"" + base + " leads nowhere",
                          "put what it names under $defs: nothing is fetched");
}

}  // namespace

Result<SchemaIndex::Target> SchemaIndex::add_root(const Json& schema) {
  auto resource = add_document(schema, {});
  if (!resource) return fail(resource.error());
  const Json* root = &owned_.front();
  return Target{root, &resource_of(*root, **resource), false};
}

Result<Resource*> SchemaIndex::add_document(Json document, std::string uri) {
  const Json& root = owned_.emplace_back(std::move(document));
  Resource& resource = resources_.emplace_back();
  resource.uri = uri;
  resource.root = &root;
  resource.asserts = dialect_asserts(get_string(root, "$schema"));
  by_uri_.emplace(std::move(uri), &resource);
  if (auto walked = walk(root, &resource); !walked) return fail(walked.error());
  return home_[&root];
}

Result<void> SchemaIndex::walk(const Json& schema, Resource* resource) {
  struct Step {
    const Json* schema;
    Resource* resource;
    int depth;
  };
  std::vector<Step> steps{{&schema, resource, 0}};
  while (!steps.empty()) {
    const Step at = steps.back();
    steps.pop_back();
    if (at.depth > kMaxDepth) return invalid_argument("the schema is nested too deeply");
    Resource* own = enter(*at.schema, at.resource);
    for_each_subschema(*at.schema, [&](const Json& child) { steps.push_back({&child, own, at.depth + 1}); });
  }
  return {};
}

// Notes to which resource a schema belongs, and what names it has there.
Resource* SchemaIndex::enter(const Json& schema, Resource* resource) {
  const std::string id = get_string(schema, "$id");
  if (!id.empty() && !id.starts_with('#')) {
    std::string uri = resolve_reference(resource->uri, id).uri;
    if (resource->root != &schema) {
      Resource& own = resources_.emplace_back();
      own.root = &schema;
      const std::string dialect = get_string(schema, "$schema");
      own.asserts = dialect.empty() ? resource->asserts : dialect_asserts(dialect);
      resource = &own;
    }
    resource->uri = uri;
    by_uri_.emplace(std::move(uri), resource);
  }
  home_[&schema] = resource;
  if (const auto anchor = get_string(schema, "$anchor"); !anchor.empty()) resource->anchors.emplace(anchor, &schema);
  if (const auto anchor = get_string(schema, "$dynamicAnchor"); !anchor.empty()) {
    resource->anchors.emplace(anchor, &schema);
    resource->dynamic_anchors.emplace(anchor, &schema);
  }
  return resource;
}

Resource& SchemaIndex::resource_of(const Json& schema, Resource& fallback) const {
  const auto found = home_.find(&schema);
  return found == home_.end() ? fallback : *found->second;
}

Result<Resource*> SchemaIndex::find_resource(const std::string& uri) {
  if (const auto found = by_uri_.find(uri); found != by_uri_.end()) return found->second;
  if (const auto given = documents_.find(uri); given != documents_.end()) return add_document(given->second, uri);
  const std::string_view text = find_metaschema(uri);
  if (text.empty()) return nullptr;
  auto document = parse_json(text);
  if (!document) return fail(document.error());
  return add_document(std::move(*document), uri);
}

Result<SchemaIndex::Target> SchemaIndex::resolve(Resource& from, const std::string& reference) {
  const Location location = resolve_reference(from.uri, reference);
  // Without a URI of its own, a schema is known only from inside.
  const bool inside = location.uri == from.uri;
  auto found = inside ? Result<Resource*>(&from) : find_resource(location.uri);
  if (!found) return fail(found.error());
  if (!*found) return nothing_at(from, reference);
  Resource& resource = **found;
  if (location.fragment.empty()) return Target{resource.root, &resource, false};
  if (location.fragment.starts_with('/')) {
    auto target = follow_pointer(resource, location.fragment);
    return target ? target : nothing_at(from, reference);
  }
  const auto anchor = resource.anchors.find(location.fragment);
  if (anchor == resource.anchors.end()) return nothing_at(from, reference);
  const auto dynamic = resource.dynamic_anchors.find(location.fragment);
  const bool is_dynamic = dynamic != resource.dynamic_anchors.end() && dynamic->second == anchor->second;
  return Target{anchor->second, &resource, is_dynamic};
}

Result<SchemaIndex::Target> SchemaIndex::follow_pointer(Resource& resource, std::string_view pointer) {
  const Json* at = resource.root;
  Resource* home = &resource;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    at = step(*at, unescaped(pointer.substr(0, end)));
    if (!at) return not_found("no such part");
    pointer.remove_prefix(end);
    home = &resource_of(*at, *home);
  }
  if (!at->is_object() && !at->is_boolean()) return not_found("no schema there");
  if (!home_.contains(at)) {
    // Below a keyword that holds no schemas: nobody has looked there yet.
    if (auto walked = walk(*at, home); !walked) return fail(walked.error());
    home = home_[at];
  }
  return Target{at, home, false};
}

bool SchemaIndex::dialect_asserts(const std::string& dialect) const {
  const auto found = documents_.find(dialect);
  const Json* vocabularies = found == documents_.end() ? nullptr : find_member(found->second, "$vocabulary");
  return !vocabularies || vocabularies->contains(kValidationVocabulary);
}

}  // namespace ottobot::json_schema
