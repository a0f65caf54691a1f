#include "api/page_routes.hpp"

#include <algorithm>

#include "api/static_file.hpp"

namespace ottobot::api {
namespace {

constexpr std::string_view kEntrance = "index.html";
// Everything comes from here, and nobody puts it into a frame. What the agent wrote is shown as text: should some of it
// get through as markup, it runs nothing and asks no foreign server for anything.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr const char* kWithoutPage = R"(<!doctype html>
<html lang="en"><meta charset="utf-8"><title>OttoBot</title>
<h1>OttoBot is running</h1>
<p>This server was built without its web page: install npm and build it again.</p>
<p>Everything else works: <a href="docs">the API is described here</a>, and <code>ottobot chat</code> talks to an agent.</p>
</html>
)";

net::Headers entrance_headers() {
  return {{"Content-Security-Policy", kPolicy}, {"Referrer-Policy", "no-referrer"}, {"X-Frame-Options", "DENY"}};
}

const PageFile* find_file(const Context& context, std::string_view path) {
  const auto& files = context.options.page;
  const auto found = std::find_if(files.begin(), files.end(), [&](const PageFile& one) { return one.path == path; });
  return found == files.end() ? nullptr : &*found;
}

Result<void> serve_entrance(Context& context, Request& request) {
  const PageFile* file = find_file(context, kEntrance);
  if (file != nullptr) {
    serve_static_file(request, {file->path, file->content, file->gzip, file->hash, "no-cache", entrance_headers()});
  } else {
    serve_static_file(request, {kEntrance, kWithoutPage, {}, "without-page", "no-cache", entrance_headers()});
  }
  return {};
}

Result<void> serve_asset(Context& context, Request& request) {
  const PageFile* file = find_file(context, "assets/" + request.param("path"));
  // A page of an older server asks for files that a newer one no longer has.
  if (file == nullptr) return not_found("the page has no such file", "load the page again");
  serve_static_file(request,
                    {file->path, file->content, file->gzip, file->hash, "public, max-age=31536000, immutable", {}});
  return {};
}

}  // namespace

void add_page_routes(Router& router, Context& context) {
  router.add("GET", "", rules::kOpen, [&context](Request& request) { return serve_entrance(context, request); });
  router.add("GET", "assets/*path", rules::kOpen,
             [&context](Request& request) { return serve_asset(context, request); });
}

}  // namespace ottobot::api
