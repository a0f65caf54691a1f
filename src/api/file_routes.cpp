#include "api/file_routes.hpp"

#include "api/archive_blob.hpp"
#include "api/errors.hpp"
#include "api/input.hpp"
#include "api/sandbox_proxy.hpp"
#include "api/upload.hpp"

namespace ottobot::api {
namespace {

constexpr std::uint64_t kMaxUploadBytes = 1ull << 30;

// "2026-11-22T12-19-33Z": a time that every file system takes in a name.
std::string time_for_file_name(UnixMillis now) {
  std::string text = to_rfc3339(now).substr(0, 19) + "Z";
  std::replace(text.begin(), text.end(), ':', '-');
  return text;
}

net::Headers zip_headers(const std::string& file_name) {
  return {{"Content-Type", "application/zip"},
          {"Content-Disposition", "attachment; filename=\"" + file_name + "\""},
          {"Cache-Control", "no-store"}};
}

Result<void> send_archive(Context& context, Request& request, const std::string& file_name) {
  const auto row = find_session(context, request.param("id"));
  if (!row) return fail(row.error());
  const bool ended = row->status == SessionStatus::terminated;
  if (ended && !row->archive_blob.empty()) return send_archive_blob(context, request, *row, zip_headers(file_name));
  const auto sandbox = find_sandbox(context, *row);
  if (sandbox) {
    return proxy_to_sandbox(context, request, net::request_to(*sandbox, "GET", "/archive"),
                            {{}, zip_headers(file_name)});
  }
  if (sandbox.error().code != ErrorCode::not_found) return fail(sandbox.error());
  if (!row->archive_blob.empty()) return send_archive_blob(context, request, *row, zip_headers(file_name));
  return not_found("the session has no workspace to download",
                   ended ? "" : "its sandbox is not up yet: phase " + row->phase);
}

Result<void> download_archive(Context& context, Request& request) {
  const std::string now = time_for_file_name(context.deps.clock.now_ms());
  return send_archive(context, request, "ottobot-session-" + request.param("id") + "-" + now + ".zip");
}

Result<void> download_project(Context& context, Request& request) {
  return send_archive(context, request, "project.zip");
}

// A path of the workspace, encoded for the sandbox's URL. What climbs would leave /files there.
Result<std::string> workspace_path(const std::string& path) {
  if (path.empty()) return invalid_field("path", "must not be empty");
  std::size_t start = 0;
  while (start <= path.size()) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view segment = std::string_view(path).substr(start, end - start);
    if (segment.empty() || segment == "." || segment == "..") {
      return invalid_field("path", "must be relative to the workspace, without empty, '.' or '..' parts");
    }
    start = end + 1;
  }
  return net::percent_encode_path(path);
}

// The sandbox for calls that need it now.
Result<Endpoint> running_sandbox(Context& context, const SessionRow& row) {
  auto sandbox = find_sandbox(context, row);
  if (sandbox || sandbox.error().code != ErrorCode::not_found) return sandbox;
  if (row.status == SessionStatus::terminated) {
    return not_found("the session has ended and its sandbox is gone", "GET /download/" + row.id + " has its files");
  }
  return not_found("the session's sandbox is not up", "wait for it: phase " + row.phase);
}

net::HttpRequest with_range(net::HttpRequest upstream, const net::RequestHead& head) {
  for (const char* name : {"Range", "If-Range"}) {
    if (const auto value = head.headers.find(name)) upstream.headers.add(name, std::string(*value));
  }
  return upstream;
}

Result<void> download_file(Context& context, Request& request) {
  const auto row = find_session(context, request.param("id"));
  if (!row) return fail(row.error());
  const auto path = workspace_path(request.param("path"));
  if (!path) return fail(path.error());
  const auto sandbox = running_sandbox(context, *row);
  if (!sandbox) return fail(sandbox.error());
  // Files are the agent's: a page among them must not run as a page of ours.
  const ProxyAnswer answer{
      {"Content-Type", "Content-Length", "Content-Range", "Accept-Ranges", "Last-Modified", "ETag"},
      {{"Content-Security-Policy", "sandbox"}, {"X-Content-Type-Options", "nosniff"}, {"Cache-Control", "no-store"}}};
  return proxy_to_sandbox(context, request,
                          with_range(net::request_to(*sandbox, "GET", "/files/" + *path), request.head()), answer);
}

Result<void> list_files(Context& context, Request& request) {
  const auto row = find_session(context, request.param("id"));
  if (!row) return fail(row.error());
  const auto sandbox = running_sandbox(context, *row);
  if (!sandbox) return fail(sandbox.error());
  const auto asked = query_text(request.head(), "path");
  if (!asked) return fail(asked.error());
  const std::string path = asked->value_or("");
  return proxy_to_sandbox(context, request,
                          net::request_to(*sandbox, "GET", "/files?path=" + net::percent_encode_path(path)),
                          {{}, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}});
}

Result<void> upload_file(Context& context, Request& request) {
  const auto row = find_session(context, request.param("id"));
  if (!row) return fail(row.error());
  const auto path = workspace_path(request.param("path"));
  if (!path) return fail(path.error());
  if (row->status == SessionStatus::terminated || row->status == SessionStatus::terminating) {
    return conflict("the session has ended", "its files can only be downloaded");
  }
  const auto sandbox = running_sandbox(context, *row);
  if (!sandbox) return conflict(sandbox.error().message, sandbox.error().hint);
  const auto upload = Upload::receive(request, kMaxUploadBytes);
  if (!upload) return fail(upload.error());
  if (!*upload) return {};
  net::HttpRequest upstream = net::request_to(*sandbox, "PUT", "/files/" + *path);
  upstream.headers.add("Content-Length", std::to_string((*upload)->size_bytes()));
  upstream.body_source = (*upload)->source();
  return proxy_to_sandbox(context, request, std::move(upstream), {{}, {{"Content-Type", "application/json"}}});
}

}  // namespace

void add_file_routes(Router& router, Context& context) {
  const auto add = [&](const char* method, const char* pattern, Result<void> (*handler)(Context&, Request&)) {
    router.add(method, pattern, [&context, handler](Request& request) { return handler(context, request); });
  };
  add("GET", "download/:id", download_archive);
  add("GET", "download/:id/project.zip", download_project);
  add("GET", "download/:id/*path", download_file);
  add("GET", "session/:id/files", list_files);
  add("PUT", "session/:id/files/*path", upload_file);
}

}  // namespace ottobot::api
