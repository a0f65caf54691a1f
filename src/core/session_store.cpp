#include "ottobot/session_store.hpp"

namespace ottobot {
namespace {

template <class T>
void set_if(T& field, const std::optional<T>& value) {
  if (value) field = *value;
}

constexpr std::size_t kReadChunkBytes = 64 * 1024;

}  // namespace

void RowPatch::apply_to(SessionRow& row) const {
  set_if(row.status, status);
  set_if(row.phase, phase);
  set_if(row.expires_at, expires_at);
  set_if(row.purge_at, purge_at);
  set_if(row.usage, usage);
  set_if(row.error, error);
  set_if(row.host_id, host_id);
  set_if(row.worker_id, worker_id);
  set_if(row.archive_blob, archive_blob);
  set_if(row.snapshot_blob, snapshot_blob);
  set_if(row.snapshot_due, snapshot_due);
  set_if(row.restoring, restoring);
  set_if(row.vnc_port, vnc_port);
  set_if(row.mcp_port, mcp_port);
  set_if(row.pending, pending);
}

Result<std::string> put_blob(SessionStore& store, const std::string& session_id, std::string_view bytes,
                             const CallContext& ctx) {
  auto writer = store.create_blob(session_id, ctx);
  if (!writer) return fail(writer.error());
  if (auto written = (*writer)->write(bytes); !written) return fail(written.error());
  return (*writer)->commit();
}

Result<std::string> get_blob(SessionStore& store, const std::string& session_id, const std::string& blob_id,
                             const CallContext& ctx) {
  auto reader = store.open_blob(session_id, blob_id, ctx);
  if (!reader) return fail(reader.error());
  std::string bytes;
  bytes.reserve((*reader)->size_bytes());
  std::vector<char> chunk(kReadChunkBytes);
  while (true) {
    if (auto running = ctx.check(); !running) return fail(running.error());
    const auto count = (*reader)->read(chunk);
    if (!count) return fail(count.error());
    if (*count == 0) return bytes;
    bytes.append(chunk.data(), *count);
  }
}

}  // namespace ottobot
