#include "api/viewer_filter.hpp"

namespace ottobot::api {
namespace {

constexpr int kProtocolError = 1002;

}  // namespace

ViewerFilter::ViewerFilter(std::shared_ptr<Context> context, std::string session_id, std::string viewer_id)
    : context_(std::move(context)),
      session_id_(std::move(session_id)),
      viewer_id_(std::move(viewer_id)),
      messages_(*this) {}

int ViewerFilter::filter(std::string_view bytes, std::string& out) {
  return messages_.feed(bytes, out) ? 0 : kProtocolError;
}

bool ViewerFilter::takes_input() { return context_->desktops.takes_input(session_id_, viewer_id_); }

bool ViewerFilter::controls() { return context_->desktops.controls(session_id_, viewer_id_); }

}  // namespace ottobot::api
