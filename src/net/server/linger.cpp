#include "net/server/linger.hpp"

namespace ottobot::net {

namespace {
constexpr std::chrono::seconds kLinger{2};
}

void Linger::begin(Stream stream, std::shared_ptr<LinkRegistry> links) {
  auto linger = std::make_shared<Linger>(std::move(stream), links);
  links->add(linger);
  linger->stream_.shutdown_send();
  linger->deadline_.set(std::chrono::steady_clock::now() + kLinger, [linger] { linger->close(); });
  linger->discard();
}

Linger::Linger(Stream stream, std::shared_ptr<LinkRegistry> links)
    : stream_(std::move(stream)), links_(std::move(links)), deadline_(stream_.loop().context()) {}

void Linger::discard() {
  if (!stream_.open()) return;
  const IoCount result = stream_.read_some(stream_.loop().buffer());
  if (result.status == IoCount::Status::end || result.status == IoCount::Status::failed) return close();
  stream_.wait_readable([self = shared_from_this()] { self->discard(); });
}

void Linger::shut_down() {
  stream_.loop().post([self = shared_from_this()] { self->close(); });
}

void Linger::close() {
  stream_.close();
  deadline_.cancel();
  links_->remove(this);
}

}  // namespace ottobot::net
