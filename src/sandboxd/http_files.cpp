#include <array>
#include <charconv>

#include "sandboxd/files.hpp"
#include "sandboxd/http_reply.hpp"
#include "sandboxd/http_routes.hpp"
#include "sandboxd/listing.hpp"
#include "sandboxd/zip_writer.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kChunk = 128U << 10U;

// Part of a file. A range that a file does not have is `unsatisfiable`; a header that asks for something else than one
// range of bytes is ignored (RFC 9110 §14.2).
struct ByteRange {
  std::uint64_t first = 0, length = 0;
  bool partial = false, unsatisfiable = false;
};

std::optional<std::uint64_t> to_number(std::string_view text) {
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

ByteRange find_range(const net::Headers& headers, std::uint64_t size) {
  ByteRange whole{0, size, false, false};
  std::string_view value = headers.find("Range").value_or("");
  if (value.substr(0, 6) != "bytes=" || headers.find("If-Range")) return whole;
  value.remove_prefix(6);
  std::size_t dash = value.find('-');
  if (dash == std::string_view::npos || value.find(',') != std::string_view::npos) return whole;
  auto first = to_number(value.substr(0, dash));
  auto last = to_number(value.substr(dash + 1));
  bool open_ended = dash + 1 == value.size();
  if (dash == 0) {
    if (!last) return whole;
    std::uint64_t length = std::min(*last, size);
    return {size - length, length, true, length == 0};
  }
  if (!first || (!last && !open_ended) || (last && *last < *first)) return whole;
  if (*first >= size) return {0, 0, true, true};
  std::uint64_t end = last ? std::min(*last + 1, size) : size;
  return {*first, end - *first, true, false};
}

void send_file(net::Exchange& exchange, const Workspace& workspace, const std::string& path) {
  auto file = open_regular(workspace, path);
  if (!file) return exchange.respond(error_reply(file.error()));
  auto size = static_cast<std::uint64_t>(file->info.st_size);
  ByteRange range = find_range(exchange.request().headers, size);
  if (range.unsatisfiable) {
    net::Response response =
        error_reply(416, invalid_argument("the file has " + std::to_string(size) + " bytes").value());
    response.headers.add("Content-Range", "bytes */" + std::to_string(size));
    return exchange.respond(std::move(response));
  }
  net::Headers headers{{"Content-Type", "application/octet-stream"},
                       {"Accept-Ranges", "bytes"},
                       {"Content-Length", std::to_string(range.length)}};
  if (range.partial) {
    headers.add("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                     std::to_string(range.first + range.length - 1) + "/" + std::to_string(size));
  }
  if (!exchange.start(range.partial ? 206 : 200, std::move(headers))) return;
  if (exchange.request().method == "HEAD") return exchange.finish();
  for (std::uint64_t sent = 0; sent < range.length;) {
    auto bytes = read_range(file->fd.get(), range.first + sent,
                            static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, range.length - sent)));
    if (!bytes || bytes->empty() || !exchange.write(*bytes)) return;  // cut off: the client sees that it is not whole
    sent += bytes->size();
  }
  exchange.finish();
}

Result<void> receive(net::Exchange& exchange, PendingFile& file) {
  std::string buffer(kChunk, '\0');
  for (;;) {
    auto got = exchange.read(buffer);
    if (!got) return fail(got.error());
    if (*got == 0) return {};
    if (auto written = file.write(std::string_view(buffer).substr(0, *got)); !written) return written;
  }
}

void store_file(net::Exchange& exchange, const Workspace& workspace, const std::string& path) {
  auto place = workspace.locate_file(path, Parents::create);
  if (!place) return exchange.respond(error_reply(place.error()));
  auto file = PendingFile::create(std::move(*place));
  if (!file) return exchange.respond(error_reply(file.error()));
  if (auto received = receive(exchange, *file); !received) return exchange.respond(error_reply(received.error()));
  auto stamp = file->commit();
  if (!stamp) return exchange.respond(error_reply(stamp.error()));
  exchange.respond(json_reply(201, {{"path", to_valid_utf8(file->place().path)}, {"size_bytes", stamp->size}}));
}

void send_listing(net::Exchange& exchange, const Workspace& workspace) {
  std::string path = exchange.request().query_param("path").value_or("");
  auto listing = list_folder(workspace, path.empty() ? "." : path);
  exchange.respond(listing ? json_reply(200, *listing) : error_reply(listing.error()));
}

}  // namespace

void handle_files(net::Exchange& exchange, const Workspace& workspace) {
  const net::RequestHead& head = exchange.request();
  bool reads = head.method == "GET" || head.method == "HEAD";
  if (head.path == "/files" || head.path == "/files/") {
    if (!reads) return exchange.respond(method_not_allowed("GET"));
    return send_listing(exchange, workspace);
  }
  if (!reads && head.method != "PUT") return exchange.respond(method_not_allowed("GET, PUT"));
  auto path = net::percent_decode(std::string_view(head.path).substr(7));
  if (!path) return exchange.respond(error_reply(invalid_field("path", "has a broken escape").value()));
  // What follows the prefix is relative to the workspace, whatever it starts with.
  std::string relative = path->substr(std::min(path->find_first_not_of('/'), path->size()));
  if (reads) return send_file(exchange, workspace, relative);
  store_file(exchange, workspace, relative);
}

void handle_archive(net::Exchange& exchange, const Workspace& workspace) {
  if (exchange.request().method != "GET") return exchange.respond(method_not_allowed("GET"));
  if (!exchange.start(200, {{"Content-Type", "application/zip"}})) return;
  CallContext ctx;
  ctx.stop = exchange.client_gone();
  auto written = write_zip(
      workspace, [&exchange](std::string_view bytes) { return exchange.write(bytes); }, ctx);
  if (written) exchange.finish();
}

}  // namespace ottobot::sandboxd
