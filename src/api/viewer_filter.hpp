// What one viewer of a desktop may say, on its way from the WebSocket to the desktop.
#pragma once

#include <memory>
#include <string>

#include "api/context.hpp"
#include "api/rfb_client_filter.hpp"

namespace ottobot::api {

class ViewerFilter final : public net::ByteFilter, private RfbInputPolicy {
 public:
  ViewerFilter(std::shared_ptr<Context> context, std::string session_id, std::string viewer_id);

  int filter(std::string_view bytes, std::string& out) override;

 private:
  bool takes_input() override;
  bool controls() override;

  const std::shared_ptr<Context> context_;
  const std::string session_id_;
  const std::string viewer_id_;
  RfbClientFilter messages_;
};

}  // namespace ottobot::api
