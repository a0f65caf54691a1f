#include "zip/entry_name.hpp"

#include "ottobot/file_names.hpp"

namespace ottobot::zip {
namespace {

constexpr std::string_view kBackslash = "\\x5c";
constexpr std::string_view kHere = "./";

// At the start: something that target_of_entry() takes for an escape.
bool is_escape(std::string_view text) {
  const std::string_view head = text.substr(0, kBackslash.size());
  return head == kBackslash || raw_name(head).size() < head.size();
}

}  // namespace

std::string entry_target(std::string_view link_target) {
  std::string plain;
  for (std::size_t i = 0; i < link_target.size(); ++i) {
    if (link_target[i] == '\\' && is_escape(link_target.substr(i))) {
      plain += kBackslash;
    } else {
      plain += link_target[i];
    }
  }
  return shown_name(plain);
}

std::string target_of_entry(std::string_view target) {
  std::string bytes;
  for (std::size_t end = target.find(kBackslash); end != std::string_view::npos; end = target.find(kBackslash)) {
    bytes.append(raw_name(target.substr(0, end))).append("\\");
    target.remove_prefix(end + kBackslash.size());
  }
  return bytes.append(raw_name(target));
}

std::string entry_name(std::string_view path) {
  std::string name = entry_target(path);
  const bool is_misread = name.find('\\') != std::string::npos && name.find('/') == std::string::npos;
  return is_misread || name.starts_with(kHere) ? std::string(kHere) + name : name;
}

std::string path_of_entry(std::string_view name) {
  if (name.starts_with(kHere)) name.remove_prefix(kHere.size());
  return target_of_entry(name);
}

}  // namespace ottobot::zip
