#include "x11/screen.hpp"

#include <png.h>
#include <xcb/xfixes.h>

#include <algorithm>
#include <span>
#include <vector>

namespace ottobot::x11 {
namespace {

constexpr std::size_t kSourceBytes = 4;  // blue, green, red, nothing
constexpr std::size_t kPixelBytes = 3;   // red, green, blue

struct Pixels {
  Size size;
  std::vector<std::uint8_t> bytes;

  std::uint8_t* at(int x, int y) {
    return bytes.data() +
           (static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) + static_cast<std::size_t>(x)) *
               kPixelBytes;
  }
};

Result<Pixels> grab(Connection& connection, const CallContext& ctx) {
  auto size = connection.screen_size(ctx);
  if (!size) return fail(size.error());
  xcb_connection_t* xcb = connection.xcb();
  auto image = own(xcb_get_image_reply(
      xcb,
      xcb_get_image(xcb, XCB_IMAGE_FORMAT_Z_PIXMAP, connection.root(), 0, 0, static_cast<std::uint16_t>(size->width),
                    static_cast<std::uint16_t>(size->height), ~0U),
      nullptr));
  if (!image) return connection.failure(ctx);
  const std::size_t count = static_cast<std::size_t>(size->width) * static_cast<std::size_t>(size->height);
  const std::span source(xcb_get_image_data(image.get()),
                         static_cast<std::size_t>(xcb_get_image_data_length(image.get())));
  const bool is_little = xcb_get_setup(xcb)->image_byte_order == XCB_IMAGE_ORDER_LSB_FIRST;
  if (source.size() < count * kSourceBytes || !is_little)
    return unsupported("the screen's pixels have an unknown form", "use a display of depth 24");
  Pixels pixels{*size, std::vector<std::uint8_t>(count * kPixelBytes)};
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* from = &source[i * kSourceBytes];
    std::uint8_t* to = &pixels.bytes[i * kPixelBytes];
    to[0] = from[2];
    to[1] = from[1];
    to[2] = from[0];
  }
  return pixels;
}

// The viewer draws the pointer, so that the screen's own pixels are without.
void draw_pointer(Connection& connection, Pixels& pixels) {
  xcb_connection_t* xcb = connection.xcb();
  auto version = own(xcb_xfixes_query_version_reply(
      xcb, xcb_xfixes_query_version(xcb, XCB_XFIXES_MAJOR_VERSION, XCB_XFIXES_MINOR_VERSION), nullptr));
  if (!version) return;
  auto cursor = own(xcb_xfixes_get_cursor_image_reply(xcb, xcb_xfixes_get_cursor_image(xcb), nullptr));
  if (!cursor) return;
  const std::span image(xcb_xfixes_get_cursor_image_cursor_image(cursor.get()),
                        static_cast<std::size_t>(xcb_xfixes_get_cursor_image_cursor_image_length(cursor.get())));
  for (std::size_t i = 0; i < image.size(); ++i) {
    const int x = cursor->x - cursor->xhot + static_cast<int>(i % cursor->width);
    const int y = cursor->y - cursor->yhot + static_cast<int>(i / cursor->width);
    if (x < 0 || y < 0 || x >= pixels.size.width || y >= pixels.size.height) continue;
    const std::uint32_t argb = image[i];  // its colours are multiplied with alpha already
    const std::uint32_t through = 255 - (argb >> 24U);
    std::uint8_t* pixel = pixels.at(x, y);
    for (unsigned channel = 0; channel < kPixelBytes; ++channel) {
      const std::uint32_t over = (argb >> (16U - 8U * channel)) & 0xFFU;
      pixel[channel] = static_cast<std::uint8_t>(std::min<std::uint32_t>(255, over + pixel[channel] * through / 255));
    }
  }
}

Result<std::string> encode(const Pixels& pixels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(pixels.size.width);
  image.height = static_cast<png_uint_32>(pixels.size.height);
  image.format = PNG_FORMAT_RGB;
  std::string png(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = png.size();
  if (png_image_write_to_memory(&image, png.data(), &size, 0, pixels.bytes.data(), 0, nullptr) == 0)
    return internal_error(std::string("the picture cannot be encoded: ") + image.message);
  png.resize(size);
  return png;
}

}  // namespace

Result<Picture> take_picture(Connection& connection, const CallContext& ctx) {
  auto pixels = grab(connection, ctx);
  if (!pixels) return fail(pixels.error());
  draw_pointer(connection, *pixels);
  auto png = encode(*pixels);
  if (!png) return fail(png.error());
  return Picture{pixels->size, std::move(*png)};
}

}  // namespace ottobot::x11
