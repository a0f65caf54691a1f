#include "net/server/upstream_pump.hpp"

namespace ottobot::net {

namespace {
constexpr int kNormalClosure = 1000;
constexpr int kInternalError = 1011;
}  // namespace

UpstreamPump::UpstreamPump(PumpOwner& owner, std::shared_ptr<IoLoop> loop, Upstream upstream)
    : owner_(owner), stream_(std::move(loop), std::move(upstream.fd)), early_bytes_(std::move(upstream.early_bytes)) {}

void UpstreamPump::start() {
  if (!stream_.open()) return owner_.on_upstream_end(kInternalError);
  if (!early_bytes_.empty()) owner_.on_upstream_bytes(std::exchange(early_bytes_, {}));
  flush();
  read();
}

void UpstreamPump::read() {
  if (reading_ || !stream_.open() || !owner_.wants_upstream_bytes()) return;
  reading_ = true;
  stream_.wait_readable([this, owner = owner_.keep_alive()] { on_readable(); });
}

void UpstreamPump::on_readable() {
  reading_ = false;
  if (!stream_.open()) return;
  std::vector<char>& buffer = stream_.loop().buffer();
  const IoCount result = stream_.read_some(buffer);
  if (result.status == IoCount::Status::end) return owner_.on_upstream_end(kNormalClosure);
  if (result.status == IoCount::Status::failed) return owner_.on_upstream_end(kInternalError);
  if (result.status == IoCount::Status::ok) owner_.on_upstream_bytes({buffer.data(), result.bytes});
  read();
}

void UpstreamPump::write(std::string bytes) {
  if (out_.push(std::move(bytes)) == SendQueue::Pushed::queued_needs_flush) flush();
}

void UpstreamPump::flush() {
  if (!stream_.open()) return;
  const bool was_congested = congested();
  std::size_t sent = 0;
  const auto result = out_.flush(stream_, sent);
  if (result == SendQueue::Flushed::failed) return owner_.on_upstream_end(kInternalError);
  if (result == SendQueue::Flushed::blocked) {
    stream_.wait_writable([this, owner = owner_.keep_alive()] { flush(); });
  }
  if (was_congested && !congested()) owner_.on_upstream_room();
}

void UpstreamPump::close() {
  stream_.close();
  out_.close(unavailable("the bridge is closed").value());
}

}  // namespace ottobot::net
