#include "containers/docker/pull_progress.hpp"

#include <algorithm>

#include "ottobot/json.hpp"

namespace ottobot::containers {
namespace {

constexpr std::size_t kLongestLine = 64 << 10;
constexpr std::size_t kMostLayers = 1000;

std::uint64_t count_of(const Json& detail, const char* key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, get_int(detail, key)));
}

}  // namespace

void PullProgress::feed(std::string_view bytes) {
  partial_.append(bytes);
  std::size_t start = 0;
  for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n', start)) {
    take_line(std::string_view(partial_).substr(start, end - start));
    start = end + 1;
  }
  partial_.erase(0, start);
  if (partial_.size() > kLongestLine) partial_.clear();
}

void PullProgress::take_line(std::string_view line) {
  const auto object = parse_json(line);
  if (!object || !object->is_object()) return;
  if (const auto reason = get_string(*object, "error"); !reason.empty()) error_ = reason;
  const std::string layer = get_string(*object, "id");
  const Json* detail = find_member(*object, "progressDetail");
  if (layer.empty() || detail == nullptr) return;
  if (layers_.size() >= kMostLayers && layers_.count(layer) == 0) return;
  const std::string status = get_string(*object, "status");
  Layer& known = layers_[layer];
  if (status == "Downloading") {
    known = {count_of(*detail, "current"), count_of(*detail, "total")};
  } else if (status == "Download complete" || status == "Pull complete") {
    known.done = known.total;
  }
  count();
}

void PullProgress::count() {
  done_ = total_ = 0;
  for (const auto& [name, layer] : layers_) {
    done_ += std::min(layer.done, layer.total);
    total_ += layer.total;
  }
  // The sizes of later layers come later: what was shown is not taken back.
  if (total_ > 0) percent_ = std::max(percent_, static_cast<int>(done_ * 100 / total_));
}

std::string PullProgress::message() const {
  if (total_ == 0) return "asking the registry";
  return std::to_string(done_ >> 20) + " of " + std::to_string(total_ >> 20) + " MiB";
}

}  // namespace ottobot::containers
