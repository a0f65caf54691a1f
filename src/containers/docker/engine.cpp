#include "containers/docker/engine.hpp"

#include <algorithm>

#include "containers/docker/frame_decoder.hpp"

namespace ottobot::containers {
namespace {

constexpr std::chrono::milliseconds kRemoveTime{30'000};
constexpr std::chrono::milliseconds kArchiveTime{60'000};
constexpr std::chrono::milliseconds kCommitTime{120'000};
constexpr std::chrono::milliseconds kPullSilence{60'000};
constexpr int kServerError = 500;
constexpr std::chrono::hours kNoLimit{24};
constexpr std::chrono::milliseconds kQuickFailure{2'000};

std::string container_path(const std::string& container, const char* rest = "") {
  return "/containers/" + query_encode(container) + rest;
}

std::string label_filter(const LabelMap& labels) {
  Json wanted = Json::array();
  for (const auto& [key, value] : labels) wanted.push_back(key + "=" + value);
  return query_encode(dump_json({{"label", wanted}}));
}

bool mentions(const Json& options, std::string_view word) {
  if (!options.is_array()) return false;
  return std::any_of(options.begin(), options.end(), [&](const Json& option) {
    return option.is_string() && option.get<std::string>().find(word) != std::string::npos;
  });
}

// "name:tag" in its two parts; a digest stays with the name.
std::pair<std::string, std::string> split_tag(const std::string& image) {
  if (image.find('@') != std::string::npos) return {image, {}};
  const auto colon = image.rfind(':');
  const bool is_tag = colon != std::string::npos && image.find('/', colon) == std::string::npos;
  if (!is_tag) return {image, "latest"};
  return {image.substr(0, colon), image.substr(colon + 1)};
}

template <class T>
Result<std::optional<T>> unless_missing(const Result<Json>& answer, T (*read)(const Json&)) {
  if (answer) return std::optional<T>(read(*answer));
  if (answer.error().code == ErrorCode::not_found) return std::optional<T>();
  return fail(answer.error());
}

template <class T>
std::vector<T> read_all(const Json& list, T (*read)(const Json&)) {
  std::vector<T> all;
  if (!list.is_array()) return all;
  for (const auto& item : list) all.push_back(read(item));
  return all;
}

}  // namespace

Result<void> Engine::act(const char* method, const std::string& path, const CallContext& ctx,
                         std::chrono::milliseconds timeout) const {
  EngineRequest request{method, path};
  request.timeout = timeout;
  auto done = client_->call(request, ctx);
  if (!done) return fail(done.error());
  return {};
}

Result<void> Engine::act_away(const std::string& path, const CallContext& ctx,
                              std::chrono::milliseconds timeout) const {
  auto done = act("DELETE", path, ctx, timeout);
  if (!done && done.error().code == ErrorCode::not_found) return {};
  return done;
}

// One freeze in a hundred or so fails for no reason that lasts. An engine that hangs is not asked twice.
Result<void> Engine::act_twice(const std::string& path, const CallContext& ctx) const {
  const auto begin = std::chrono::steady_clock::now();
  auto done = act("POST", path, ctx);
  const bool was_quick = std::chrono::steady_clock::now() - begin < kQuickFailure;
  if (done || done.error().code != ErrorCode::unavailable || !was_quick) return done;
  return act("POST", path, ctx);
}

Result<EngineFacts> Engine::facts(const CallContext& ctx) const {
  auto version = client_->call_json({"GET", "/version"}, ctx);
  if (!version) return fail(version.error());
  auto info = client_->call_json({"GET", "/info"}, ctx);
  if (!info) return fail(info.error());
  EngineFacts facts;
  facts.version = get_string(*version, "Version");
  facts.api_version = get_string(*version, "ApiVersion");
  facts.os_type = get_string(*info, "OSType", get_string(*version, "Os"));
  if (const Json* options = find_member(*info, "SecurityOptions")) {
    facts.has_own_users = mentions(*options, "name=rootless") || mentions(*options, "name=userns");
  }
  if (const Json* parts = find_member(*version, "Components"); parts && parts->is_array()) {
    facts.is_podman = std::any_of(parts->begin(), parts->end(), [](const Json& part) {
      return get_string(part, "Name").find("Podman") != std::string::npos;
    });
  }
  return facts;
}

Result<bool> Engine::has_image(const std::string& image, const CallContext& ctx) const {
  auto found = client_->call({"GET", "/images/" + net::percent_encode_path(image) + "/json"}, ctx);
  if (found) return true;
  if (found.error().code == ErrorCode::not_found) return false;
  return fail(found.error());
}

Result<void> Engine::pull(const std::string& image, const std::function<void(const PullProgress&)>& on_progress,
                          const CallContext& ctx) const {
  const auto [name, tag] = split_tag(image);
  EngineRequest request{"POST", "/images/create?fromImage=" + query_encode(name)};
  if (!tag.empty()) request.path += "&tag=" + query_encode(tag);
  request.idle_timeout = kPullSilence;
  PullProgress progress;
  auto done = client_->stream(
      request,
      [&](std::string_view bytes) -> Result<void> {
        progress.feed(bytes);
        on_progress(progress);
        return {};
      },
      ctx);
  if (done && !progress.error().empty()) return fail(engine_error(kServerError, progress.error()));
  return done;
}

Result<std::string> Engine::create(const std::string& name, const Json& spec, const CallContext& ctx) const {
  EngineRequest request{"POST", "/containers/create?name=" + query_encode(name), dump_json(spec)};
  request.timeout = start_timeout_;
  auto made = client_->call_json(request, ctx);
  if (!made) return fail(made.error());
  return get_string(*made, "Id");
}

Result<void> Engine::put_archive(const std::string& container, const std::string& folder, std::string tar,
                                 const CallContext& ctx) const {
  EngineRequest request{"PUT", container_path(container, "/archive?path=") + query_encode(folder), std::move(tar)};
  request.content_type = "application/x-tar";
  request.timeout = kArchiveTime;
  auto done = client_->call(request, ctx);
  if (!done) return fail(done.error());
  return {};
}

Result<void> Engine::start(const std::string& container, const CallContext& ctx) const {
  return act("POST", container_path(container, "/start"), ctx, start_timeout_);
}

Result<void> Engine::pause(const std::string& container, const CallContext& ctx) const {
  return act_twice(container_path(container, "/pause"), ctx);
}

Result<void> Engine::unpause(const std::string& container, const CallContext& ctx) const {
  return act_twice(container_path(container, "/unpause"), ctx);
}

Result<void> Engine::kill(const std::string& container, const std::string& signal, const CallContext& ctx) const {
  return act("POST", container_path(container, "/kill?signal=") + signal, ctx);
}

Result<int> Engine::wait_ended(const std::string& container, const CallContext& ctx) const {
  EngineRequest request{"POST", container_path(container, "/wait?condition=not-running")};
  request.timeout = kNoLimit;
  auto ended = client_->call_json(request, ctx);
  if (!ended) return fail(ended.error());
  return static_cast<int>(get_int(*ended, "StatusCode"));
}

Result<void> Engine::remove(const std::string& container, const CallContext& ctx) const {
  return act_away(container_path(container, "?force=true&v=true"), ctx, kRemoveTime);
}

Result<std::optional<ContainerFacts>> Engine::inspect(const std::string& container, const CallContext& ctx) const {
  return unless_missing(client_->call_json({"GET", container_path(container, "/json")}, ctx), &container_facts);
}

Result<std::vector<ContainerFacts>> Engine::list(const LabelMap& labels, const CallContext& ctx) const {
  auto listed = client_->call_json({"GET", "/containers/json?all=true&filters=" + label_filter(labels)}, ctx);
  if (!listed) return fail(listed.error());
  return read_all(*listed, &listed_facts);
}

Result<std::string> Engine::logs(const std::string& container, int tail_lines, std::size_t max_bytes,
                                 const CallContext& ctx) const {
  return said(container, "stdout=true&stderr=true&tail=" + std::to_string(tail_lines), max_bytes, ctx);
}

// The engine counts lines before it leaves a stream out, so all are asked for.
Result<std::string> Engine::output(const std::string& container, std::size_t max_bytes, const CallContext& ctx) const {
  return said(container, "stdout=true&stderr=false&tail=all", max_bytes, ctx);
}

Result<std::string> Engine::said(const std::string& container, const std::string& query, std::size_t max_bytes,
                                 const CallContext& ctx) const {
  FrameDecoder frames(max_bytes);
  auto done = client_->stream(
      {"GET", container_path(container, "/logs?") + query},
      [&](std::string_view bytes) -> Result<void> {
        if (frames.feed(bytes)) return {};
        return internal_error("the container engine's log is not in frames");
      },
      ctx);
  if (!done) return fail(done.error());
  return frames.text();
}

Result<SandboxStats> Engine::stats(const std::string& container, const CallContext& ctx) const {
  auto stats = client_->call_json({"GET", container_path(container, "/stats?stream=false&one-shot=true")}, ctx);
  if (!stats) return fail(stats.error());
  return stats_from_json(*stats);
}

Result<std::string> Engine::commit(const std::string& container, const std::string& repository, const std::string& tag,
                                   const CallContext& ctx) const {
  EngineRequest request{"POST", "/commit?pause=true&container=" + query_encode(container) +
                                    "&repo=" + query_encode(repository) + "&tag=" + query_encode(tag)};
  request.timeout = kCommitTime;
  auto made = client_->call_json(request, ctx);
  if (!made) return fail(made.error());
  return get_string(*made, "Id");
}

Result<void> Engine::create_network(const Json& spec, const CallContext& ctx) const {
  EngineRequest request{"POST", "/networks/create", dump_json(spec)};
  request.timeout = start_timeout_;
  auto made = client_->call(request, ctx);
  if (!made) return fail(made.error());
  return {};
}

Result<std::vector<NetworkFacts>> Engine::list_networks(const CallContext& ctx) const {
  auto listed = client_->call_json({"GET", "/networks"}, ctx);
  if (!listed) return fail(listed.error());
  return read_all(*listed, &network_facts);
}

Result<void> Engine::remove_network(const std::string& name, const CallContext& ctx) const {
  return act_away("/networks/" + query_encode(name), ctx, kRemoveTime);
}

Result<std::uint64_t> Engine::volume_size(const std::string& name, const CallContext& ctx) const {
  EngineRequest request{"GET", "/system/df?type=volume"};
  request.timeout = kArchiveTime;
  auto use = client_->call_json(request, ctx);
  if (!use) return fail(use.error());
  const Json* volumes = find_member(*use, "Volumes");
  for (const Json& volume : volumes != nullptr && volumes->is_array() ? *volumes : Json::array()) {
    const Json* data = find_member(volume, "UsageData");
    if (get_string(volume, "Name") != name || data == nullptr) continue;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, get_int(*data, "Size")));
  }
  return 0;
}

Result<void> Engine::remove_volume(const std::string& name, const CallContext& ctx) const {
  return act_away("/volumes/" + query_encode(name), ctx);
}

}  // namespace ottobot::containers
