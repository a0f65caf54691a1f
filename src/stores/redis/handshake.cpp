#include "stores/redis/handshake.hpp"

#include "ottobot/ids.hpp"
#include "stores/redis/keys.hpp"
#include "stores/redis/lua.hpp"

namespace ottobot::stores {
namespace {

using redis::Request;

// KEYS: meta. ARGV: name, format. → both as they are now
const redis::Script& name_script() {
  static const redis::Script kScript(std::string(kEvenWhenFull) + R"(
redis.call('HSETNX', KEYS[1], 'store_id', ARGV[2])
redis.call('HSETNX', KEYS[1], 'format', ARGV[3])
return redis.call('HMGET', KEYS[1], 'store_id', 'format')
)");
  return kScript;
}

}  // namespace

// By using what is newest of all that we use, and what an ACL user has rights of its own for.
Result<void> check_server(redis::Client& client, const CallContext& ctx) {
  auto said = client.call(Request::command({"SPUBLISH", client.options().key_prefix + ":hello", ""}), ctx);
  if (!said) return fail(said.error());
  return {};
}

Result<std::string> name_store(redis::Client& client, const CallContext& ctx) {
  const std::string meta = meta_key(client.options().key_prefix);
  auto values = client.call(Request::script(name_script(), {meta}, {new_id(), kKeyFormat}), ctx);
  if (!values) return fail(values.error());
  if ((*values)[1].text() != kKeyFormat) {
    return unsupported("the sessions in Redis were written by another version of OttoBot",
                       "run that version, or use another database");
  }
  return (*values)[0].str();
}

}  // namespace ottobot::stores
