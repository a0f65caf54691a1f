#include "stores/sqlite/checkpoints.hpp"

#include "stores/append_rules.hpp"

namespace ottobot::stores {

void write_checkpoint(Connection& connection, std::int64_t sid, Seq seq, const std::string& state) {
  connection
      .query(
          "INSERT INTO checkpoints VALUES (?1, ?2, ?3) ON CONFLICT (sid) DO UPDATE "
          "SET seq = ?2, state = ?3 WHERE seq <= ?2")
      .bind(sid, seq, state)
      .run();
}

Result<std::string> load_checkpoint(Connection& connection, const std::string& session_id) {
  auto query = connection.query("SELECT c.state FROM sessions s LEFT JOIN checkpoints c USING (sid) WHERE s.id = ?1");
  if (!query.bind(session_id).next()) return no_session(session_id);
  return query.is_null(0) ? std::string() : query.text(0);
}

}  // namespace ottobot::stores
