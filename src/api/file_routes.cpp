#include "api/file_routes.hpp"

#include "api/archive_blob.hpp"
#include "api/archived_files.hpp"
#include "api/content_type.hpp"
#include "api/errors.hpp"
#include "api/input.hpp"
#include "api/sandbox_proxy.hpp"
#include "api/upload.hpp"
#include "api/worker_relay.hpp"

namespace ottobot::api {
namespace {

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

// No sandbox runs, and no archive was kept.
Failure nothing_there(const SessionRow& row) {
  if (row.status != SessionStatus::terminated) {
    return not_found("the session's sandbox is not up", "wait for it: phase " + row.phase);
  }
  return not_found("the session ended without files: there is nothing to download",
                   "it ended before its sandbox had started, or the files could not be kept: GET /session/" + row.id +
                       "/logs says what happened");
}

Result<void> send_archive(Context& context, Request& request, const std::string& file_name) {
  const auto row = find_session(context, request);
  if (!row) return fail(row.error());
  const bool ended = row->status == SessionStatus::terminated;
  if (ended && !row->kept_files().empty()) return send_archive_blob(context, request, *row, zip_headers(file_name));
  const auto sandbox = find_sandbox(context, *row);
  if (sandbox) {
    return proxy_to_sandbox(context, request, net::request_to(*sandbox, "GET", "/archive"),
                            {{}, zip_headers(file_name)});
  }
  if (sandbox.error().code != ErrorCode::not_found) return fail(sandbox.error());
  if (!row->kept_files().empty()) return send_archive_blob(context, request, *row, zip_headers(file_name));
  return nothing_there(*row);
}

Result<void> download_archive(Context& context, Request& request) {
  const std::string now = time_for_file_name(context.deps.clock.now_ms());
  return send_archive(context, request, "ottobot-session-" + request.param("id") + "-" + now + ".zip");
}

Result<void> download_project(Context& context, Request& request) {
  return send_archive(context, request, "project.zip");
}

// What climbs would leave /files in the sandbox's URL.
Result<void> check_workspace_path(const std::string& path) {
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
  return {};
}

Failure ended_session(const SessionRow& row) {
  if (is_deleted(row) || row.status == SessionStatus::terminating) {
    return conflict("the session has ended", "its files can only be downloaded: GET /download/" + row.id);
  }
  return conflict("the session has expired",
                  "POST /session/" + row.id + "/messages brings it back with its files; then upload again");
}

// No sandbox runs, but its files were kept.
bool is_kept(const SessionRow& row, const Error& no_sandbox) {
  return no_sandbox.code == ErrorCode::not_found && !row.kept_files().empty();
}

// The sandbox for calls that need it now.
Result<Endpoint> running_sandbox(Context& context, const SessionRow& row) {
  auto sandbox = find_sandbox(context, row);
  if (sandbox || sandbox.error().code != ErrorCode::not_found) return sandbox;
  return nothing_there(row);
}

net::HttpRequest with_conditions(net::HttpRequest upstream, const net::RequestHead& head) {
  for (const char* name : {"Range", "If-Range", "If-None-Match"}) {
    if (const auto value = head.headers.find(name)) upstream.headers.add(name, std::string(*value));
  }
  return upstream;
}

// Files are the agent's: a page among them must not run as a page of ours.
net::Headers file_headers(const std::string& path) {
  return {{"Content-Type", std::string(content_type_of(path))},
          {"Content-Security-Policy", "sandbox"},
          {"X-Content-Type-Options", "nosniff"},
          {"Cache-Control", "no-store"}};
}

Result<void> download_file(Context& context, Request& request) {
  const auto row = find_session(context, request);
  if (!row) return fail(row.error());
  const std::string& path = request.param("path");
  if (auto ok = check_workspace_path(path); !ok) return ok;
  const auto sandbox = running_sandbox(context, *row);
  if (!sandbox && is_kept(*row, sandbox.error())) {
    return send_archived_file(context, request, *row, path, file_headers(path));
  }
  if (!sandbox) return fail(sandbox.error());
  const ProxyAnswer answer{{"Content-Length", "Content-Range", "Accept-Ranges", "Last-Modified", "ETag"},
                           file_headers(path)};
  auto upstream = net::request_to(*sandbox, "GET", "/files/" + net::percent_encode_path(path));
  return proxy_to_sandbox(context, request, with_conditions(std::move(upstream), request.head()), answer);
}

Result<void> list_files(Context& context, Request& request) {
  const auto asked = query_text(request.head(), "path");
  if (!asked) return fail(asked.error());
  const auto row = find_session(context, request);
  if (!row) return fail(row.error());
  const std::string path = asked->value_or("");
  const auto sandbox = running_sandbox(context, *row);
  if (!sandbox && is_kept(*row, sandbox.error())) {
    const auto listing = list_archived_folder(context, *row, path, context.store_call());
    if (!listing) return fail(listing.error());
    request.exchange().respond(json_response(200, *listing));
    return {};
  }
  if (!sandbox) return fail(sandbox.error());
  return proxy_to_sandbox(context, request,
                          net::request_to(*sandbox, "GET", "/files?path=" + net::percent_encode_path(path)),
                          {{}, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}});
}

Result<void> upload_file(Context& context, Request& request) {
  const auto row = find_session(context, request);
  if (!row) return fail(row.error());
  const std::string& path = request.param("path");
  if (auto ok = check_workspace_path(path); !ok) return ok;
  if (!utf8_length(path)) return invalid_field("path", "must be UTF-8: what is made must have a name in JSON");
  if (row->status == SessionStatus::terminated || row->status == SessionStatus::terminating) {
    return ended_session(*row);
  }
  const auto sandbox = running_sandbox(context, *row);
  if (!sandbox) return conflict(sandbox.error().message, sandbox.error().hint);
  const auto upload = Upload::receive(request, kMaxUploadBytes);
  if (!upload) return fail(upload.error());
  if (!*upload) return {};
  net::HttpRequest upstream = net::request_to(*sandbox, "PUT", "/files/" + net::percent_encode_path(path));
  upstream.headers.add("Content-Length", std::to_string((*upload)->size_bytes()));
  upstream.body_source = (*upload)->source();
  return proxy_to_sandbox(context, request, std::move(upstream), {{}, {{"Content-Type", "application/json"}}});
}

}  // namespace

void add_file_routes(Router& router, Context& context) {
  const auto add = [&](const char* method, const char* pattern, const RouteRules& rules,
                       Result<void> (*handler)(Context&, Request&)) {
    const auto here = at_worker(context, [&context, handler](Request& request) { return handler(context, request); });
    router.add(method, pattern, rules, [&context, here](Request& request) -> Result<void> {
      const auto slot = context.long_requests.enter(request, request.session_id());
      if (!slot) return {};
      return here(request);
    });
  };
  add("GET", "download/:id", rules::kRead, download_archive);
  add("GET", "download/:id/project.zip", rules::kRead, download_project);
  add("GET", "download/:id/*path", rules::kRead, download_file);
  add("GET", "session/:id/files", rules::kRead, list_files);
  RouteRules upload = rules::kChange;
  upload.other_methods = "GET /download/ID/PATH reads a file, GET /session/ID/files?path=FOLDER lists a folder";
  add("PUT", "session/:id/files/*path", upload, upload_file);
}

}  // namespace ottobot::api
