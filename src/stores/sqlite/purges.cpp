#include "stores/sqlite/purges.hpp"

#include "stores/sqlite/event_log.hpp"

namespace ottobot::stores {
namespace {

// So that other writers get their turn while a long log is purged.
constexpr int kStepEvents = 500;

// False when nothing is marked.
bool purge_some(Connection& connection) {
  std::int64_t sid = 0;
  {
    auto query = connection.query("SELECT sid FROM purges LIMIT 1");
    if (!query.next()) return false;
    sid = query.integer(0);
  }
  if (delete_some_events(connection, sid, kStepEvents) < kStepEvents) {
    connection.query("DELETE FROM purges WHERE sid = ?1").bind(sid).run();
  }
  return true;
}

}  // namespace

void mark_purged(Connection& connection, std::int64_t sid) {
  connection.query("INSERT INTO purges VALUES (?1)").bind(sid).run();
}

Result<void> finish_purges(Writer& writer, const CallContext& ctx) {
  while (true) {
    const auto left = writer.write(ctx, [](Connection& connection) -> Result<bool> { return purge_some(connection); });
    if (!left) return fail(left.error());
    if (!*left) return {};
  }
}

}  // namespace ottobot::stores
