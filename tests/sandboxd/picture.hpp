// What is on a screenshot.
#pragma once

#include <png.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ottobot::sandboxd {

struct Colour {
  int red = 0, green = 0, blue = 0;
  bool operator==(const Colour&) const = default;
};

struct Shot {
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;

  Colour at(int x, int y) const {
    const auto* pixel = &pixels.at(static_cast<std::size_t>((y * width + x) * 3));
    return {pixel[0], pixel[1], pixel[2]};
  }
  // Of the pixels of a rectangle, how many of a hundred have this colour.
  int share_of(Colour colour, int left, int top, int columns, int rows) const {
    int count = 0;
    for (int y = top; y < top + rows; ++y) {
      for (int x = left; x < left + columns; ++x) count += at(x, y) == colour ? 1 : 0;
    }
    return count * 100 / (columns * rows);
  }
};

// nullopt when it is no PNG, or a part of one.
inline std::optional<Shot> read_png(const std::string& bytes) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) return std::nullopt;
  image.format = PNG_FORMAT_RGB;
  Shot shot{static_cast<int>(image.width), static_cast<int>(image.height), {}};
  shot.pixels.resize(PNG_IMAGE_SIZE(image));
  if (png_image_finish_read(&image, nullptr, shot.pixels.data(), 0, nullptr) == 0) return std::nullopt;
  return shot;
}

}  // namespace ottobot::sandboxd
