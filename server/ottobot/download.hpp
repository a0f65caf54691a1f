// Getting files from a server: the whole or nothing under the name that was asked for, with progress on a terminal.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <ostream>

#include "net/client/http_client.hpp"

namespace ottobot::cli {

// "  45 %  12.3 MiB of 27.0 MiB  3.1 MiB/s" on one line that is written over. Silent without a stream.
class Progress {
 public:
  explicit Progress(std::ostream* out) : out_(out) {}  // borrowed; null = nothing is shown
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void start(std::uint64_t have, std::optional<std::uint64_t> total);
  void add(std::size_t bytes);

 private:
  void show(std::chrono::steady_clock::time_point now);

  std::ostream* out_;
  std::uint64_t done_ = 0, had_ = 0;
  std::optional<std::uint64_t> total_;
  std::chrono::steady_clock::time_point begun_, shown_;
  bool visible_ = false;
};

using Stream = std::function<Result<void>(const net::HttpRequest&, net::ResponseSink&, const CallContext&)>;

struct DownloadParams {
  net::HttpRequest request;
  std::filesystem::path target;  // replaced when it exists
  bool may_resume = false;       // the server serves ranges of it
};

// By way of TARGET.part. With may_resume, one that is there is gone on with if its end is still what the server has; it
// stays when the transfer breaks. Errors: those of `stream` and of the server, resource_exhausted (disk).
Result<void> download(const Stream& stream, const DownloadParams& params, Progress& progress, const CallContext& ctx);

// The same to an open stream.
Result<void> download_to(const Stream& stream, const net::HttpRequest& request, std::ostream& out,
                         const CallContext& ctx);

// "12.3 MiB".
std::string human_size(std::uint64_t bytes);

}  // namespace ottobot::cli
