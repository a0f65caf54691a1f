#include "net/server/response_stream.hpp"

#include "net/server/response_writer.hpp"

namespace ottobot::net {

bool ConnectionResponseStream::send(std::string bytes) {
  const std::lock_guard lock(mutex_);
  if (finished_) return false;
  if (suppress_body_) return !connection_->broken();
  if (!chunked_) return connection_->send(std::move(bytes));
  std::string chunk;
  append_chunk(chunk, bytes);
  return connection_->send(std::move(chunk));
}

void ConnectionResponseStream::finish() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(finished_, true)) return;
  if (chunked_ && !suppress_body_) connection_->send(std::string(kLastChunk));
  connection_->response_done(keep_alive_);
}

}  // namespace ottobot::net
