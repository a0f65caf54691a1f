#include <array>
#include <cstdio>

#include "download.hpp"

namespace ottobot::cli {
namespace {

constexpr std::chrono::milliseconds kEvery{200};

std::string with_unit(double value, const char* unit) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", value, unit);
  return text.data();
}

}  // namespace

std::string human_size(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  const char* const units[] = {"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit < 3; ++unit) value /= 1024;
  return with_unit(value, units[unit]);
}

void Progress::start(std::uint64_t have, std::optional<std::uint64_t> total) {
  done_ = had_ = have;
  total_ = total;
  begun_ = shown_ = std::chrono::steady_clock::now();
}

void Progress::add(std::size_t bytes) {
  done_ += bytes;
  const auto now = std::chrono::steady_clock::now();
  if (out_ != nullptr && now - shown_ >= kEvery) show(now);
}

void Progress::show(std::chrono::steady_clock::time_point now) {
  shown_ = now;
  visible_ = true;
  const double seconds = std::chrono::duration<double>(now - begun_).count();
  *out_ << "\r\x1b[K";
  if (total_ && *total_ > 0) *out_ << " " << done_ * 100 / *total_ << " %  ";
  *out_ << human_size(done_);
  if (total_) *out_ << " of " << human_size(*total_);
  *out_ << "  " << human_size(static_cast<std::uint64_t>(static_cast<double>(done_ - had_) / seconds)) << "/s"
        << std::flush;
}

Progress::~Progress() {
  if (visible_) *out_ << "\r\x1b[K" << std::flush;
}

}  // namespace ottobot::cli
