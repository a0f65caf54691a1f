#include "stores/sqlite/idempotency_keys.hpp"

#include "stores/append_rules.hpp"

namespace ottobot::stores {

std::optional<KnownKey> find_key(Connection& connection, const std::string& user, const std::string& key,
                                 UnixMillis now) {
  auto query = connection.query(
      "SELECT k.request_hash, s.id FROM idempotency_keys k JOIN sessions s USING (sid) "
      "WHERE k.user = ?1 AND k.key = ?2 AND k.expires_at > ?3");
  if (!query.bind(user, key, now).next()) return std::nullopt;
  return KnownKey{query.text(0), query.text(1)};
}

void remember_key(Connection& connection, const CreateSessionParams& params, std::int64_t sid, UnixMillis now) {
  connection.query("DELETE FROM idempotency_keys WHERE expires_at <= ?1").bind(now).run();
  connection.query("INSERT INTO idempotency_keys VALUES (?1, ?2, ?3, ?4, ?5)")
      .bind(params.row.user, params.idempotency_key, params.request_hash, sid, now + kIdempotencyMillis)
      .run();
}

}  // namespace ottobot::stores
