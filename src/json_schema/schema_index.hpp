// The documents that a schema is made of: which resource ($id) each part belongs to, and where a reference leads.
//
// Used while compiling only, by one thread. Keeps the documents, which compiled schemas point into.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "json_schema/uri.hpp"
#include "ottobot/json.hpp"

namespace ottobot::json_schema {

struct Node;

// A schema with a URI of its own, and the parts of it that have no other.
struct Resource {
  std::string uri;
  const Json* root = nullptr;
  std::map<std::string, const Json*> anchors;          // $anchor and $dynamicAnchor
  std::map<std::string, const Json*> dynamic_anchors;  // $dynamicAnchor
  std::map<std::string, const Node*> dynamic_nodes;    // the same, compiled
  bool asserts = true;                                 // its dialect has the validation vocabulary
};

class SchemaIndex {
 public:
  struct Target {
    const Json* schema;
    Resource* resource;
    bool is_dynamic;  // the reference named a $dynamicAnchor
  };

  // `documents` is borrowed.
  explicit SchemaIndex(const std::map<std::string, Json>& documents) : documents_(documents) {}

  // Takes in a copy of `schema`. Errors: invalid_argument (too deep).
  Result<Target> add_root(const Json& schema);
  // Errors: invalid_argument (nothing is there).
  Result<Target> resolve(Resource& from, const std::string& reference);
  // The resource that `schema` (indexed, or below `fallback`) belongs to.
  Resource& resource_of(const Json& schema, Resource& fallback) const;

  std::deque<Resource>& resources() { return resources_; }

 private:
  Result<Resource*> add_document(Json document, std::string uri);
  Result<void> walk(const Json& schema, Resource* resource);
  Resource* enter(const Json& schema, Resource* resource);
  Result<Resource*> find_resource(const std::string& uri);
  Result<Target> follow_pointer(Resource& resource, std::string_view pointer);
  bool dialect_asserts(const std::string& dialect) const;

  const std::map<std::string, Json>& documents_;
  std::deque<Json> owned_;
  std::deque<Resource> resources_;
  std::map<std::string, Resource*> by_uri_;
  std::unordered_map<const Json*, Resource*> home_;
};

}  // namespace ottobot::json_schema
