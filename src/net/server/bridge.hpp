// Raw bytes both ways between an upgraded client socket and an upstream socket.
//
// Each direction holds at most one read's worth of bytes and reads no further until they are written; a FIN is passed
// on, and the bridge ends when both directions have, when nothing can be read from either socket any more, or
// when only one direction is left and silent for half a minute.
#pragma once

#include <optional>

#include "net/server/deadline.hpp"
#include "net/server/http_server.hpp"
#include "net/server/link_registry.hpp"

namespace ottobot::net {

class Bridge final : public UpgradedLink, public std::enable_shared_from_this<Bridge> {
 public:
  Bridge(const std::shared_ptr<IoLoop>& loop, std::shared_ptr<LinkRegistry> links, Upstream upstream);

  void start(Stream stream, std::string early_bytes) override;
  void shut_down() override;

 private:
  struct Direction {
    Stream* from = nullptr;
    Stream* to = nullptr;
    std::string held;  // read, not yet written
    std::size_t offset = 0;
    bool ended = false;
  };

  void read(Direction& direction);
  void write(Direction& direction);
  void write_bytes(Direction& direction, std::string_view bytes);
  void end(Direction& direction);
  void give_up(Direction& direction);
  void stop(Direction& direction);
  void expect_more();
  void close();

  const std::shared_ptr<IoLoop> loop_;
  const std::shared_ptr<LinkRegistry> links_;
  Stream upstream_;
  std::shared_ptr<void> guard_;
  std::optional<Stream> client_;
  Direction up_, down_;
  Deadline deadline_;  // once one direction has ended
  bool closed_ = false;
};

}  // namespace ottobot::net
