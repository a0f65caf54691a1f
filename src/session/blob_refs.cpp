#include "session/blob_refs.hpp"

#include <algorithm>

namespace ottobot::session {
namespace {

constexpr const char* kBlobs = "blobs";

void find_long_strings(Json& value, const Json::json_pointer& path, std::vector<Json::json_pointer>& found) {
  if (value.is_string()) {
    if (value.get_ref<const std::string&>().size() > kInlineLimitBytes) found.push_back(path);
  } else if (value.is_object()) {
    for (auto& [key, member] : value.items()) find_long_strings(member, path / key, found);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) find_long_strings(value[i], path / i, found);
  }
}

bool holds_long_string(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().size() > kInlineLimitBytes;
  return value.is_structured() && std::any_of(value.begin(), value.end(), holds_long_string);
}

Result<void> move_out(Json& root, const char* name, Json& references, SessionStore& store,
                      const std::string& session_id, const CallContext& ctx) {
  std::vector<Json::json_pointer> found;
  find_long_strings(root, Json::json_pointer{}, found);
  for (const auto& path : found) {
    auto& text = root.at(path).get_ref<std::string&>();
    auto id = put_blob(store, session_id, text, ctx);
    if (!id) return fail(id.error(), "storing a large value");
    references.push_back({{"in", name}, {"path", path.to_string()}, {"blob", *id}});
    text.clear();
  }
  return {};
}

}  // namespace

bool has_large_value(const NewEvent& event) {
  return holds_long_string(event.data) || holds_long_string(event.internal);
}

Result<bool> externalize(NewEvent& event, SessionStore& store, const std::string& session_id, const CallContext& ctx) {
  Json references = Json::array();
  if (auto moved = move_out(event.data, "data", references, store, session_id, ctx); !moved) return fail(moved.error());
  if (auto moved = move_out(event.internal, "internal", references, store, session_id, ctx); !moved) {
    return fail(moved.error());
  }
  if (references.empty()) return false;
  event.internal[kBlobs] = std::move(references);
  return true;
}

Result<std::size_t> internalize(Event& event, SessionStore& store, const std::string& session_id, const CallContext& ctx) {
  const Json* stored = find_member(event.internal, kBlobs);
  if (!stored) return 0;
  const Json references = *stored;
  event.internal.erase(kBlobs);
  std::size_t bytes = 0;
  for (const Json& reference : references) {
    auto text = get_blob(store, session_id, get_string(reference, "blob"), ctx);
    if (!text) return fail(text.error(), "reading a large value");
    bytes += text->size();
    try {
      Json& root = get_string(reference, "in") == "data" ? event.data : event.internal;
      root.at(Json::json_pointer(get_string(reference, "path"))) = std::move(*text);
    } catch (const Json::exception& e) {
      return data_loss(std::string("damaged blob reference: ") + e.what());
    }
  }
  return bytes;
}

}  // namespace ottobot::session
