#include "api/answered_request.hpp"

#include "api/status_watch.hpp"

namespace ottobot::api {

void report_answer(net::Exchange& exchange, const OnAnswered& on_answered,
                   const std::function<std::string_view(net::Exchange& exchange)>& answer) {
  if (!on_answered) {
    answer(exchange);
    return;
  }
  const auto begin = std::chrono::steady_clock::now();
  StatusWatch watched(exchange);
  const std::string_view pattern = answer(watched);
  on_answered({exchange.request().method, pattern.empty() ? "unknown" : "/" + std::string(pattern), watched.status(),
               std::chrono::steady_clock::now() - begin});
}

}  // namespace ottobot::api
