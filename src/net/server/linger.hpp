// The end of a connection whose last bytes matter: send FIN, throw away what still comes, close on the peer's FIN or
// after a moment. Closing at once with unread input would send RST, which can destroy the response on its way.
#pragma once

#include "net/server/deadline.hpp"
#include "net/server/link_registry.hpp"

namespace ottobot::net {

class Linger final : public Link, public std::enable_shared_from_this<Linger> {
 public:
  // Loop thread.
  static void begin(Stream stream, std::shared_ptr<LinkRegistry> links);

  Linger(Stream stream, std::shared_ptr<LinkRegistry> links);
  void shut_down() override;

 private:
  void discard();
  void close();

  Stream stream_;
  std::shared_ptr<LinkRegistry> links_;
  Deadline deadline_;
};

}  // namespace ottobot::net
