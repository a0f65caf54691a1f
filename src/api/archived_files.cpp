#include "api/archived_files.hpp"

#include <filesystem>
#include <map>

#include "api/errors.hpp"
#include "net/byte_range.hpp"
#include "ottobot/file_names.hpp"
#include "zip/zip_reader.hpp"

namespace ottobot::api {
namespace {

using zip::EntryType;
using zip::ZipEntry;
using zip::ZipReader;

constexpr std::size_t kChunk = 64 << 10;
constexpr std::size_t kMaxEntries = 5000;  // of one listing
constexpr int kMaxLinks = 8;
constexpr std::chrono::hours kDownloadTimeout{1};

Result<ZipReader> open_archive(Context& context, const SessionRow& row, const CallContext& ctx) {
  auto blob = context.deps.store.open_blob(row.id, row.kept_files(), ctx);
  if (!blob) return fail(blob.error());
  return ZipReader::open(std::move(*blob));
}

// "a/../b/" → "b"; empty for the workspace itself.
Result<std::string> normalized(const std::string& path) {
  std::string clean = std::filesystem::path(path).lexically_normal().generic_string();
  while (clean.ends_with('/') && clean.size() > 1) clean.pop_back();
  if (clean == ".") clean.clear();
  if (clean.starts_with('/') || clean == ".." || clean.starts_with("../")) {
    return permission_denied("'" + shown_name(path) + "' is outside the workspace",
                             "give a path relative to the workspace");
  }
  return clean;
}

Failure no_such_file(const std::string& path) {
  return not_found("no such file or directory: '" + shown_name(path) + "'");
}

struct FoundFile {
  ZipReader archive;  // stands at the entry
  ZipEntry entry;
};

Result<std::optional<FoundFile>> find_entry(Context& context, const SessionRow& row, const std::string& path,
                                            const CallContext& ctx) {
  auto kept = open_archive(context, row, ctx);
  if (!kept) return fail(kept.error());
  while (true) {
    if (auto running = ctx.check(); !running) return fail(running.error());
    auto entry = kept->next();
    if (!entry) return fail(entry.error());
    if (!*entry) return std::nullopt;
    if ((*entry)->path == path) return FoundFile{std::move(*kept), std::move(**entry)};
  }
}

// Links are followed as the sandbox would have, as long as they stay in the workspace.
Result<FoundFile> find_file(Context& context, const SessionRow& row, std::string path, const CallContext& ctx) {
  for (int links = 0; links <= kMaxLinks; ++links) {
    auto found = find_entry(context, row, path, ctx);
    if (!found) return fail(found.error());
    if (!*found) return no_such_file(path);
    const ZipEntry& entry = (*found)->entry;
    if (entry.type == EntryType::directory) return conflict("'" + shown_name(path) + "' is a folder");
    if (entry.type == EntryType::file) return std::move(**found);
    auto target = normalized((std::filesystem::path(path).parent_path() / entry.target).string());
    if (!target) return fail(target.error());
    path = std::move(*target);
  }
  return conflict("'" + shown_name(path) + "' is a link that leads nowhere");
}

Result<void> skip(ZipReader& zip, std::uint64_t count, std::string& buffer) {
  while (count > 0) {
    auto got = zip.read(std::span(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(count, kChunk))));
    if (!got) return fail(got.error());
    if (*got == 0) return data_loss("the archived file is shorter than it says");
    count -= *got;
  }
  return {};
}

Result<void> send_part(net::Exchange& exchange, ZipReader& zip, std::uint64_t count, std::string& buffer,
                       const CallContext& ctx) {
  while (count > 0) {
    if (auto running = ctx.check(); !running) return running;
    auto got = zip.read(std::span(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(count, kChunk))));
    if (!got) return fail(got.error());
    if (*got == 0) return data_loss("the archived file is shorter than it says");
    if (auto sent = exchange.write(std::string_view(buffer).substr(0, *got)); !sent) return sent;
    count -= *got;
  }
  return {};
}

const char* type_name(EntryType type) {
  switch (type) {
    case EntryType::directory:
      return "directory";
    case EntryType::symlink:
      return "symlink";
    case EntryType::file:
      break;
  }
  return "file";
}

Json listed(const std::string& name, const ZipEntry& entry) {
  Json item{{"name", shown_name(name)},
            {"type", type_name(entry.type)},
            {"size_bytes", entry.size_bytes},
            {"modified_at", to_rfc3339(entry.modified_at)}};
  if (entry.type == EntryType::symlink) item["target"] = shown_name(entry.target);
  return item;
}

}  // namespace

Result<void> send_archived_file(Context& context, Request& request, const SessionRow& row, const std::string& path,
                                net::Headers added) {
  net::Exchange& exchange = request.exchange();
  const CallContext ctx = with_timeout(kDownloadTimeout).with_stop(exchange.client_gone());
  auto file = find_file(context, row, raw_name(path), ctx);
  if (!file) return fail(file.error());
  const std::uint64_t size = file->entry.size_bytes;
  // The archive is what it was made of: one per version, and the path is in the URL.
  const net::FileVersion version{'"' + row.kept_files().substr(0, 32) + '"',
                                 net::http_date(file->entry.modified_at / 1000)};
  if (net::is_known_version(request.head().headers, version)) {
    net::Response unchanged{304, net::version_headers(version), {}};
    for (const auto& [name, value] : added) unchanged.headers.set(name, value);
    exchange.respond(std::move(unchanged));
    return {};
  }
  const net::ByteRange range = net::requested_range(request.head().headers, size, version);
  net::Headers headers = net::headers_of(range, size, version);
  if (range.unsatisfiable) {
    net::Response response = error_response(416, "the file has " + std::to_string(size) + " bytes");
    for (const auto& [name, value] : headers) response.headers.add(name, value);
    exchange.respond(std::move(response));
    return {};
  }
  for (const auto& [name, value] : added) headers.set(name, value);
  std::string buffer(kChunk, '\0');
  const bool has_body = !request.is_head();
  if (has_body) {
    if (auto skipped = skip(file->archive, range.first, buffer); !skipped) return skipped;
  }
  if (!exchange.start(net::status_of(range), std::move(headers))) return {};
  // Unfinished, the connection breaks: half a file must not pass for a whole one.
  if (has_body && !send_part(exchange, file->archive, range.length, buffer, ctx)) return {};
  exchange.finish();
  return {};
}

Result<Json> list_archived_folder(Context& context, const SessionRow& row, const std::string& path,
                                  const CallContext& ctx) {
  auto folder = normalized(raw_name(path));
  if (!folder) return fail(folder.error());
  auto kept = open_archive(context, row, ctx);
  if (!kept) return fail(kept.error());
  const std::string prefix = folder->empty() ? "" : *folder + "/";
  bool is_there = folder->empty();
  std::map<std::string, Json> entries;  // sorted, as the sandbox lists them
  bool truncated = false;
  while (true) {
    if (auto running = ctx.check(); !running) return fail(running.error());
    auto entry = kept->next();
    if (!entry) return fail(entry.error());
    if (!*entry) break;
    const ZipEntry& found = **entry;
    if (found.path == *folder && found.type != EntryType::directory) {
      return conflict("'" + shown_name(path) + "' is a file, not a folder");
    }
    is_there = is_there || found.path == *folder;
    if (!found.path.starts_with(prefix)) continue;
    const std::string name = found.path.substr(prefix.size());
    if (name.empty() || name.find('/') != std::string::npos) continue;
    truncated = truncated || entries.size() == kMaxEntries;
    if (!truncated) entries.emplace(name, listed(name, found));
  }
  if (!is_there) return no_such_file(path);
  Json listing{{"path", folder->empty() ? "." : shown_name(*folder)}, {"entries", Json::array()}};
  for (auto& [name, item] : entries) listing["entries"].push_back(std::move(item));
  if (truncated) listing["truncated"] = true;
  return listing;
}

}  // namespace ottobot::api
