// A TCP or TLS connection that libcurl made (proxies, certificates), as bytes. Private to net/client.
//
// One thread may send while another one receives. libcurl's handle is used by one of them at a time; nobody waits for
// the peer while holding it.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <mutex>
#include <string>

#include "net/client/curl_url.hpp"
#include "net/client/transfer.hpp"
#include "ottobot/call_context.hpp"

namespace ottobot::net {

class RawConnection {
 public:
  // `url` is http:// or https://; its path does not count. `ca_file`: as HttpClientOptions has it. Errors:
  // invalid_argument, unavailable, cancelled, deadline_exceeded.
  static Result<std::unique_ptr<RawConnection>> open(const std::string& url, const std::string& ca_file,
                                                     const CallContext& ctx);
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;
  // Taking the handle out is what closes a connection that was only made: libcurl forgets it otherwise.
  ~RawConnection();

  // Blocks for at least one byte. Errors: unavailable (the connection ended), cancelled, deadline_exceeded.
  Result<std::string> receive(const CallContext& ctx);
  // All of it. Same errors; after one the connection is of no use.
  Result<void> send(std::string_view bytes, const CallContext& ctx);
  // Ends both directions: who blocks in the other two gets unavailable. Any thread.
  void shut_down();

 private:
  struct MultiCleanup {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };

  explicit RawConnection(std::string url) : url_(std::move(url)), easy_(curl_easy_init()), multi_(curl_multi_init()) {}
  Result<void> connect(const CallContext& ctx);
  void set_options(const UrlParts& url);

  const std::string url_;
  char error_text_[CURL_ERROR_SIZE] = {};
  std::mutex mutex_;  // guards easy_ once it is connected
  std::unique_ptr<CURL, EasyCleanup> easy_;
  std::unique_ptr<CURLM, MultiCleanup> multi_;
  int socket_ = -1;
};

}  // namespace ottobot::net
