#include "net/server/bridge.hpp"

namespace ottobot::net {
namespace {

constexpr std::chrono::seconds kHalfOpen{30};

}  // namespace

Bridge::Bridge(const std::shared_ptr<IoLoop>& loop, std::shared_ptr<LinkRegistry> links, Upstream upstream)
    : loop_(loop),
      links_(std::move(links)),
      upstream_(loop, std::move(upstream.fd)),
      guard_(std::move(upstream.guard)),
      deadline_(loop->context()) {
  down_.held = std::move(upstream.early_bytes);
}

void Bridge::start(Stream stream, std::string early_bytes) {
  client_.emplace(std::move(stream));
  if (closed_ || !upstream_.open()) return close();
  up_.held = std::move(early_bytes);
  up_.from = down_.to = &*client_;
  up_.to = down_.from = &upstream_;
  write(up_);
  if (!closed_) write(down_);
}

void Bridge::read(Direction& direction) {
  direction.from->wait_readable([self = shared_from_this(), &direction] {
    if (self->closed_) return;
    std::vector<char>& buffer = self->loop_->buffer();
    const IoCount result = direction.from->read_some(buffer);
    switch (result.status) {
      case IoCount::Status::ok:
        if (self->up_.ended || self->down_.ended) self->expect_more();
        return self->write_bytes(direction, {buffer.data(), result.bytes});
      case IoCount::Status::blocked:
        return self->read(direction);
      case IoCount::Status::end:
        return self->end(direction);
      case IoCount::Status::failed:
        return self->close();
    }
  });
}

// What the socket does not take at once is held; usually that is nothing, and nothing is copied.
void Bridge::write_bytes(Direction& direction, std::string_view bytes) {
  const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  const IoCount result = direction.to->write_some({&piece, 1});
  if (result.status == IoCount::Status::failed) return give_up(direction);
  direction.held.assign(bytes.substr(result.bytes));
  direction.offset = 0;
  if (direction.held.empty()) return read(direction);
  direction.to->wait_writable([self = shared_from_this(), &direction] { self->write(direction); });
}

void Bridge::write(Direction& direction) {
  if (closed_) return;
  while (direction.offset < direction.held.size()) {
    const iovec piece{direction.held.data() + direction.offset, direction.held.size() - direction.offset};
    const IoCount result = direction.to->write_some({&piece, 1});
    if (result.status == IoCount::Status::failed) return give_up(direction);
    if (result.status == IoCount::Status::blocked) {
      return direction.to->wait_writable([self = shared_from_this(), &direction] { self->write(direction); });
    }
    direction.offset += result.bytes;
  }
  direction.held = {};
  direction.offset = 0;
  read(direction);
}

void Bridge::end(Direction& direction) {
  direction.to->shutdown_send();
  stop(direction);
}

// Who takes no more may have said something before: a server that refuses a body without reading it.
void Bridge::give_up(Direction& direction) {
  direction.held = {};
  direction.offset = 0;
  stop(direction);
}

void Bridge::stop(Direction& direction) {
  direction.ended = true;
  if (up_.ended && down_.ended) return close();
  expect_more();
}

void Bridge::expect_more() {
  deadline_.set(std::chrono::steady_clock::now() + kHalfOpen, [self = shared_from_this()] { self->close(); });
}

void Bridge::shut_down() {
  loop_->post([self = shared_from_this()] { self->close(); });
}

void Bridge::close() {
  closed_ = true;
  deadline_.cancel();
  upstream_.close();
  if (client_) client_->close();
  guard_.reset();
  links_->remove(this);
}

}  // namespace ottobot::net
