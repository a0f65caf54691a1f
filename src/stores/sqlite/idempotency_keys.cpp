#include "stores/sqlite/idempotency_keys.hpp"

#include "stores/append_rules.hpp"
#include "stores/sqlite/session_rows.hpp"

namespace ottobot::stores {

Result<std::optional<SessionRow>> load_created(Connection& connection, const FindCreatedParams& params,
                                               UnixMillis now) {
  if (params.idempotency_key.empty()) return std::nullopt;
  auto query = connection.query(
      "SELECT k.request_hash, s.id FROM idempotency_keys k JOIN sessions s USING (sid) "
      "WHERE k.user = ?1 AND k.key = ?2 AND k.expires_at > ?3");
  if (!query.bind(params.user, params.idempotency_key, now).next()) return std::nullopt;
  if (query.text(0) != params.request_hash) return key_reused(params.idempotency_key);
  auto row = load_row(connection, query.text(1));
  if (!row) return fail(row.error());
  return std::move(*row);
}

void remember_key(Connection& connection, const CreateSessionParams& params, std::int64_t sid, UnixMillis now) {
  connection.query("DELETE FROM idempotency_keys WHERE expires_at <= ?1").bind(now).run();
  connection.query("INSERT INTO idempotency_keys VALUES (?1, ?2, ?3, ?4, ?5)")
      .bind(params.row.user, params.idempotency_key, params.request_hash, sid, now + kIdempotencyMillis)
      .run();
}

}  // namespace ottobot::stores
