#include "net/byte_range.hpp"
#include "ottobot/file_names.hpp"
#include "sandboxd/files.hpp"
#include "sandboxd/http_reply.hpp"
#include "sandboxd/http_routes.hpp"
#include "sandboxd/listing.hpp"
#include "sandboxd/zip_reader.hpp"
#include "sandboxd/zip_writer.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kChunk = 128U << 10U;

net::FileVersion version_of(const struct stat& info) {
  const FileStamp stamp = stamp_of(info);
  return {'"' + std::to_string(stamp.inode) + "-" + std::to_string(stamp.size) + "-" +
              std::to_string(stamp.modified_ns) + '"',
          net::http_date(info.st_mtim.tv_sec)};
}

void send_file(net::Exchange& exchange, const Workspace& workspace, const std::string& path) {
  auto file = open_regular(workspace, path);
  if (!file) return exchange.respond(error_reply(file.error()));
  auto size = static_cast<std::uint64_t>(file->info.st_size);
  const net::FileVersion version = version_of(file->info);
  if (net::is_known_version(exchange.request().headers, version)) {
    return exchange.respond({304, net::version_headers(version), {}});
  }
  const net::ByteRange range = net::requested_range(exchange.request().headers, size, version);
  net::Headers headers = net::headers_of(range, size, version);
  if (range.unsatisfiable) {
    net::Response response =
        error_reply(416, invalid_argument("the file has " + std::to_string(size) + " bytes").value());
    response.headers.add("Content-Range", std::string(headers.find("Content-Range").value_or("")));
    return exchange.respond(std::move(response));
  }
  headers.add("Content-Type", "application/octet-stream");
  if (!exchange.start(net::status_of(range), std::move(headers))) return;
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
  exchange.respond(json_reply(201, {{"path", shown_name(file->place().path)}, {"size_bytes", stamp->size}}));
}

void send_listing(net::Exchange& exchange, const Workspace& workspace) {
  std::string path = exchange.request().query_param("path").value_or("");
  auto listing = list_folder(workspace, path.empty() ? "." : path);
  exchange.respond(listing ? json_reply(200, *listing) : error_reply(listing.error()));
}

void unpack_archive(net::Exchange& exchange, const Workspace& workspace) {
  CallContext ctx;
  ctx.stop = exchange.client_gone();
  auto entries = read_zip(
      workspace, [&exchange](std::span<char> buffer) { return exchange.read(buffer); }, ctx);
  exchange.respond(entries ? json_reply(200, {{"entries", *entries}}) : error_reply(entries.error()));
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
  if (!utf8_length(relative)) return exchange.respond(error_reply(invalid_field("path", "must be UTF-8").value()));
  store_file(exchange, workspace, relative);
}

void handle_archive(net::Exchange& exchange, const Workspace& workspace) {
  const std::string& method = exchange.request().method;
  if (method == "PUT") return unpack_archive(exchange, workspace);
  if (method != "GET") return exchange.respond(method_not_allowed("GET, PUT"));
  const bool quick = exchange.request().query_param("effort") == "quick";
  if (!exchange.start(200, {{"Content-Type", "application/zip"}})) return;
  CallContext ctx;
  ctx.stop = exchange.client_gone();
  auto written = write_zip(
      workspace, quick ? ZipEffort::quick : ZipEffort::small,
      [&exchange](std::string_view bytes) { return exchange.write(bytes); }, ctx);
  if (written) exchange.finish();
}

}  // namespace ottobot::sandboxd
