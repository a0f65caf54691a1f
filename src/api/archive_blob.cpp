#include "api/archive_blob.hpp"

namespace ottobot::api {
namespace {

constexpr std::size_t kChunk = 64 << 10;
constexpr std::chrono::hours kDownloadTimeout{1};

}  // namespace

Result<void> send_archive_blob(Context& context, Request& request, const SessionRow& row, net::Headers headers) {
  net::Exchange& exchange = request.exchange();
  const CallContext ctx = with_timeout(kDownloadTimeout).with_stop(exchange.client_gone());
  auto blob = context.deps.store.open_blob(row.id, row.kept_files(), ctx);
  if (!blob) return fail(blob.error());
  headers.add("Content-Length", std::to_string((*blob)->size_bytes()));
  if (!exchange.start(200, std::move(headers))) return {};
  std::string buffer(kChunk, '\0');
  while (!request.is_head()) {
    const auto got = (*blob)->read(buffer);
    if (!got || !ctx.check()) return {};  // unfinished: the connection breaks
    if (*got == 0) break;
    if (!exchange.write(std::string_view(buffer).substr(0, *got))) return {};
  }
  exchange.finish();
  return {};
}

}  // namespace ottobot::api
