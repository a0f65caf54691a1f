#include "sandboxd/file_lines.hpp"

#include <algorithm>

#include "ottobot/json.hpp"
#include "sandboxd/files.hpp"
#include "sandboxd/text.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kChunkBytes = 1U << 20U;

// Drops the lines before the wanted ones and gathers those.
class Gatherer {
 public:
  explicit Gatherer(const LineRange& range) : range_(range), to_skip_(range.first - 1) {}

  // False when there is enough.
  bool take(std::string_view bytes) {
    while (to_skip_ > 0 && !bytes.empty()) {
      std::size_t end = bytes.find('\n');
      begun_ = end == std::string_view::npos;
      bytes.remove_prefix(begun_ ? bytes.size() : end + 1);
      if (!begun_) --to_skip_;
    }
    gathered_.append(bytes);
    // Enough to know whether the last of max_chars characters is also the last of the file.
    return gathered_.size() <= range_.max_chars * 4;
  }

  bool wanted_begun() const { return to_skip_ == 0 && !gathered_.empty(); }
  std::uint64_t lines_skipped() const { return range_.first - 1 - to_skip_ + (begun_ ? 1 : 0); }
  const std::string& gathered() const { return gathered_; }

 private:
  const LineRange range_;
  std::uint64_t to_skip_;
  bool begun_ = false;  // a skipped line has no end yet
  std::string gathered_;
};

void show(ShownLines& shown, const LineRange& range, std::string_view bytes, bool whole) {
  std::size_t chars = 0;
  auto lines = split_lines(bytes);
  std::size_t wanted = range.limit > 0 ? std::min<std::size_t>(lines.size(), range.limit) : lines.size();
  for (std::size_t i = 0; i < wanted; ++i) {
    std::string line = to_valid_utf8(lines[i]);
    std::size_t length = count_chars(line);
    bool complete = lines[i].back() == '\n' || whole;
    if (chars + length > range.max_chars || !complete) {
      shown.cut_line = i == 0;
      shown.more = true;
      if (i == 0) shown.text = std::string(first_chars(line, range.max_chars));
      shown.last = range.first + (i == 0 ? 0 : i - 1);
      return;
    }
    shown.replaced = shown.replaced || line != lines[i];
    shown.text += line;
    chars += length;
  }
  shown.last = range.first + wanted - 1;
  shown.more = !whole && (range.limit == 0 || wanted < range.limit);
}

}  // namespace

Result<ShownLines> read_lines(int fd, std::uint64_t size, std::string_view start, const LineRange& range,
                              const CallContext& ctx) {
  Gatherer gatherer(range);
  bool enough = !gatherer.take(start);
  std::uint64_t offset = start.size();
  bool whole = offset == size;
  while (!whole && !enough) {
    if (auto alive = ctx.check(); !alive) return fail(alive.error());
    auto chunk = read_range(fd, offset, std::min<std::uint64_t>(kChunkBytes, size - offset));
    if (!chunk) return fail(chunk.error());
    offset += chunk->size();
    whole = chunk->empty() || offset == size;
    enough = !gatherer.take(*chunk);
  }
  ShownLines shown;
  if (gatherer.wanted_begun()) {
    show(shown, range, gatherer.gathered(), whole);
  } else {
    shown.behind_end = true;
    shown.in_file = gatherer.lines_skipped();
  }
  return shown;
}

}  // namespace ottobot::sandboxd
