#include "json_schema/uri.hpp"

#include <charconv>
#include <optional>

namespace ottobot::json_schema {

namespace {

struct Parts {
  std::string_view scheme;  // with the colon
  std::optional<std::string_view> authority;
  std::string_view path;
  std::string_view query;  // with the question mark
};

bool is_scheme(std::string_view text) {
  constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.";
  return !text.empty() && text.find_first_not_of(kAllowed) == std::string_view::npos && (text.front() | 0x20) >= 'a' &&
         (text.front() | 0x20) <= 'z';
}

// Without a fragment.
Parts split(std::string_view uri) {
  Parts parts;
  if (const auto colon = uri.find(':'); colon != std::string_view::npos && is_scheme(uri.substr(0, colon))) {
    parts.scheme = uri.substr(0, colon + 1);
    uri.remove_prefix(colon + 1);
  }
  if (uri.starts_with("//")) {
    const auto end = std::min(uri.find_first_of("/?", 2), uri.size());
    parts.authority = uri.substr(2, end - 2);
    uri.remove_prefix(end);
  }
  const auto query = std::min(uri.find('?'), uri.size());
  parts.path = uri.substr(0, query);
  parts.query = uri.substr(query);
  return parts;
}

std::string remove_dot_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const auto end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    const bool last = path.empty();
    if (segment == "/..") {
      out.erase(out.rfind('/') == std::string::npos ? 0 : out.rfind('/'));
      if (last) out += '/';
    } else if (segment == "/.") {
      if (last) out += '/';
    } else if (segment != "." && segment != "..") {
      out += segment;
    }
  }
  return out;
}

std::string merged_path(const Parts& base, std::string_view path) {
  if (base.authority && base.path.empty()) return "/" + std::string(path);
  const auto slash = base.path.rfind('/');
  return std::string(base.path.substr(0, slash == std::string_view::npos ? 0 : slash + 1)) + std::string(path);
}

std::string join(const Parts& parts, std::string_view path) {
  std::string uri(parts.scheme);
  if (parts.authority) uri += "//" + std::string(*parts.authority);
  uri += path;
  uri += parts.query;
  return uri;
}

std::string resolve(std::string_view base_uri, std::string_view reference_uri) {
  Parts target = split(reference_uri);
  if (!target.scheme.empty()) {
    // What has no authority (urn:…) is opaque: its path has no segments.
    return join(target, target.authority ? remove_dot_segments(target.path) : std::string(target.path));
  }
  const Parts base = split(base_uri);
  target.scheme = base.scheme;
  if (target.authority) return join(target, remove_dot_segments(target.path));
  target.authority = base.authority;
  if (target.path.empty()) {
    if (target.query.empty()) target.query = base.query;
    return join(target, base.path);
  }
  const std::string path = target.path.starts_with('/') ? std::string(target.path) : merged_path(base, target.path);
  return join(target, remove_dot_segments(path));
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, code, 16).ptr == digits + 2) {
      out += static_cast<char>(code);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

Location resolve_reference(std::string_view base, std::string_view reference) {
  const auto hash = reference.find('#');
  const std::string_view uri = reference.substr(0, hash);
  Location location;
  location.uri = uri.empty() ? std::string(base) : resolve(base, uri);
  if (hash != std::string_view::npos) location.fragment = percent_decoded(reference.substr(hash + 1));
  return location;
}

}  // namespace ottobot::json_schema
