#include "stores/sqlite/port_leases.hpp"

namespace ottobot::stores {

Result<void> PortLeases::load() {
  return writer_.write(CallContext{}, [&](Connection& connection) -> Result<void> {
    std::lock_guard lock(mutex_);
    auto query = connection.query("SELECT host_id, pool, port, session_id FROM port_leases");
    while (query.next()) {
      pools_.restore(query.text(0), query.text(1), static_cast<int>(query.integer(2)), query.text(3));
    }
    return {};
  });
}

Result<int> PortLeases::lease(const LeasePortParams& params, const CallContext& ctx) {
  const auto port = [&] {
    std::lock_guard lock(mutex_);
    return pools_.lease(params);
  }();
  if (!port) return port;
  const auto written = writer_.write(
      ctx,
      [&](Connection& connection) -> Result<void> {
        connection.query("INSERT OR REPLACE INTO port_leases VALUES (?1, ?2, ?3, ?4)")
            .bind(params.host_id, params.pool, *port, params.session_id)
            .run();
        return {};
      },
      Sync::soon);  // nobody listens on it any more after a loss of power
  if (written) return port;
  std::lock_guard lock(mutex_);
  pools_.release(params, *port);
  return fail(written.error());
}

Result<void> PortLeases::release_all(const std::string& session_id, const CallContext& ctx) {
  const auto written = writer_.write(ctx, [&](Connection& connection) -> Result<void> {
    erase(connection, session_id);
    return {};
  });
  if (written) forget(session_id);
  return written;
}

std::vector<std::string> PortLeases::holders(const std::string& host_id) {
  std::lock_guard lock(mutex_);
  return pools_.holders(host_id);
}

void PortLeases::erase(Connection& connection, const std::string& session_id) {
  connection.query("DELETE FROM port_leases WHERE session_id = ?1").bind(session_id).run();
}

void PortLeases::forget(const std::string& session_id) {
  std::lock_guard lock(mutex_);
  pools_.release_all(session_id);
}

}  // namespace ottobot::stores
