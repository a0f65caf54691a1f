// Names of the keys. docs/adr/0008-redis-keys.md has what is in each.
//
// Sessions are spread over kShards by their id; all that belongs to a session, and the indexes of its shard, have the
// shard's number as hash tag: one script sees all of them, in a cluster too.
#pragma once

#include <string>
#include <vector>

namespace ottobot::stores {

class ShardKeys {
 public:
  ShardKeys(const std::string& prefix, int shard) : base_(prefix + ":{" + std::to_string(shard) + "}:") {}

  std::string all() const { return base_ + "sessions"; }
  std::string of_user(const std::string& user) const { return base_ + "user:" + user; }
  std::string work() const { return base_ + "work"; }
  std::string due() const { return base_ + "due"; }
  std::string counts() const { return base_ + "counts"; }
  std::string turns() const { return base_ + "turns"; }

 protected:
  std::string of_session(const char* what, const std::string& id) const { return base_ + what + ":" + id; }

 private:
  std::string base_;
};

class SessionKeys : public ShardKeys {
 public:
  SessionKeys(const std::string& prefix, const std::string& session_id);

  const std::string& id() const { return id_; }
  std::string row() const { return of_session("row", id_); }
  std::string events() const { return of_session("events", id_); }
  std::string ids() const { return of_session("ids", id_); }
  std::string checkpoint() const { return of_session("checkpoint", id_); }
  std::string named_blobs() const { return of_session("named", id_); }
  std::string blobs() const { return of_session("blobs", id_); }
  std::string blob(const std::string& blob_id) const { return of_session("blob", id_) + ":" + blob_id; }
  std::string removed_blob(const std::string& blob_id) const { return of_session("removed", id_) + ":" + blob_id; }
  std::string upload(const std::string& upload_id) const { return of_session("upload", id_) + ":" + upload_id; }
  std::string port_hosts() const { return of_session("hosts", id_); }
  std::string channel() const { return of_session("news", id_); }

 private:
  std::string id_;
};

inline constexpr int kShards = 64;
std::vector<ShardKeys> all_shards(const std::string& prefix);

std::string meta_key(const std::string& prefix);
std::string idempotency_key(const std::string& prefix, const std::string& user, const std::string& key);

}  // namespace ottobot::stores
