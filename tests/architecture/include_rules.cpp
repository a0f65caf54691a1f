#include "architecture/include_rules.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace ottobot::architecture {
namespace {

namespace fs = std::filesystem;

// A folder of src/ and the other folders of src/ that it may include. The longest matching prefix counts; every folder
// may include itself. Public headers (ottobot/…) are layers 0 and 1, except those in kPublicOfLayer2.
struct Layer {
  std::string folder;
  std::vector<std::string> may_see;
};

const std::vector<Layer> kLayers = {
    {"core", {}},
    {"regex", {}},
    {"json_schema", {"regex"}},
    {"net", {}},
    {"zip", {}},
    {"net/process", {"net"}},
    {"net/websocket", {"net"}},
    {"net/server", {"net", "net/process", "net/websocket"}},
    {"net/tls", {"net", "net/process", "net/server"}},
    {"net/client", {"net", "net/process", "net/websocket"}},
    {"redis", {"net", "net/process", "net/server", "net/tls"}},
    {"mcp", {"json_schema"}},
    {"mcp/transports", {"mcp", "net", "net/process", "net/server", "net/client"}},
    {"agent", {"json_schema"}},
    {"session", {}},
    {"containers/breaker", {}},
    {"containers/common", {"net", "net/process"}},
    {"containers/docker", {"containers/common", "net", "net/client", "net/process"}},
    {"containers/local", {"containers/common", "net", "net/process"}},
    {"llm", {}},
    {"llm/gemini", {"llm", "net", "net/client"}},
    {"llm/scripted", {"llm"}},
    {"llm/retry", {"llm"}},
    {"llm/timeout", {"llm"}},
    {"stores", {}},
    {"stores/memory", {"stores"}},
    {"stores/sqlite", {"stores", "net"}},
    {"stores/redis", {"stores", "redis"}},
    {"testing", {}},
    {"x11", {"net"}},
    {"sandboxd", {"regex", "zip", "x11", "mcp", "mcp/transports", "net", "net/process", "net/server"}},
    {"worker", {"agent", "session", "mcp", "mcp/transports", "net", "net/client", "net/process", "net/server"}},
    {"api", {"zip", "session", "net", "net/client", "net/process", "net/server"}},
    {"config", {}},
    {"service", {"api", "worker", "config", "session", "net", "net/client", "net/process", "net/server", "net/tls"}},
};

// Third-party headers that stay in the folders that own them.
struct Owned {
  std::string prefix;
  std::vector<std::string> folders;
};

const std::vector<Owned> kThirdParty = {
    {"asio", {"net/server"}},
    {"websocketpp", {"net/websocket"}},
    {"http_parser.h", {"net", "net/client", "net/server"}},
    {"curl/", {"net/client"}},
    {"SQLiteCpp", {"stores/sqlite"}},
    {"sqlite3.h", {"stores/sqlite"}},
    {"hiredis", {"redis"}},
    {"archive", {"zip", "containers/docker", "sandboxd", "server/ottobot"}},
    {"pcre2.h", {"regex"}},
    {"png.h", {"x11"}},
    {"xcb/", {"x11"}},
    {"X11/", {"x11"}},
    {"seccomp.h", {"containers/local"}},
    {"spdlog", {"core"}},
    {"prometheus", {"service"}},
    {"openssl", {"core", "stores", "redis", "net/tls"}},
    {"CLI", {"server/ottobot", "server/sandboxd"}},
    {"histedit.h", {"server/ottobot/chat"}},
};

// Public headers of layers 2 and up, and the folders of src/ that may include them.
const std::vector<Owned> kPublicOfLayer2 = {
    {"ottobot/mcp/", {"mcp", "mcp/transports", "sandboxd", "worker", "testing"}},
    {"ottobot/agent/", {"agent", "worker"}},
    {"ottobot/session/", {"session", "worker", "api", "service"}},
    {"ottobot/server.hpp", {"service"}},
};

bool starts_with(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

const Layer* layer_of(const std::string& path) {
  const Layer* best = nullptr;
  for (const Layer& layer : kLayers) {
    if (starts_with(path, layer.folder + "/") && (!best || layer.folder.size() > best->folder.size())) best = &layer;
  }
  return best;
}

bool is_public_header_allowed(const std::string& target) {
  const bool own = starts_with(target, "ottobot/") || target == "nlohmann/json.hpp" || target == "tl/expected.hpp";
  const bool standard = target.find('/') == std::string::npos && target.find('.') == std::string::npos;
  return own || standard || target == "sys/types.h";
}

std::string check(const Include& include) {
  const std::string& target = include.target;
  const auto refuse = [&](const std::string& why) { return include.file + " includes " + target + ": " + why; };
  if (starts_with(include.file, "include/")) {
    const bool suite = starts_with(include.file, "include/ottobot/testing/");
    const bool testing_tool = suite && (starts_with(target, "gtest/") || starts_with(target, "gmock/"));
    if (!is_public_header_allowed(target) && !testing_tool) {
      return refuse("public headers see only the standard library, tl::expected and nlohmann::json");
    }
    return {};
  }
  const std::string folder = starts_with(include.file, "src/") ? include.file.substr(4) : include.file;
  const Layer* from = layer_of(folder);
  const std::string owner = from ? from->folder : fs::path(include.file).parent_path().string();
  for (const Owned& owned : kThirdParty) {
    if (starts_with(target, owned.prefix) && !layer_of(target) && !contains(owned.folders, owner)) {
      return refuse("that library belongs to " + owned.folders.front());
    }
  }
  if (!from) return {};  // programs and examples assemble everything
  for (const Owned& owned : kPublicOfLayer2) {
    if (starts_with(target, owned.prefix) && !contains(owned.folders, owner)) return refuse("a layer above " + owner);
  }
  const Layer* to = layer_of(target);
  if (!to || to->folder == owner || contains(from->may_see, to->folder)) return {};
  return refuse(owner + " does not see " + to->folder);
}

}  // namespace

std::vector<std::string> violations(const std::vector<Include>& includes) {
  std::vector<std::string> found;
  for (const Include& include : includes) {
    if (std::string sentence = check(include); !sentence.empty()) found.push_back(std::move(sentence));
  }
  return found;
}

std::vector<Include> read_includes(const std::string& repository) {
  std::vector<Include> includes;
  for (const char* root : {"include", "src", "server", "examples"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(repository) / root)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".hpp" && extension != ".cpp" && extension != ".h") continue;
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) {
        const auto begin = line.find_first_of("<\"");
        if (!starts_with(line, "#include") || begin == std::string::npos) continue;
        const auto end = line.find_first_of(">\"", begin + 1);
        if (end == std::string::npos) continue;
        includes.push_back({fs::relative(entry.path(), repository).string(), line.substr(begin + 1, end - begin - 1)});
      }
    }
  }
  return includes;
}

}  // namespace ottobot::architecture
