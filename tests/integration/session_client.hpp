// What a user of the REST interface does, for tests. Every call has a deadline; a call that gets no answer has status
// 0.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/client/http_client.hpp"
#include "ottobot/json.hpp"

namespace ottobot::integration {

using Events = std::vector<Json>;

class SessionClient {
 public:
  // `api_key` empty = none is sent. `ca_file`: the authority of a server that speaks https.
  explicit SessionClient(std::string url, std::string api_key = {}, std::string ca_file = {});

  net::HttpResponse send(const std::string& method, const std::string& path, const Json& body = nullptr) const;
  net::HttpResponse fetch(const std::string& url) const;
  Json get(const std::string& path) const;                                 // null unless 200
  std::string file(const std::string& id, const std::string& path) const;  // of the workspace; empty unless 200

  std::string create(const std::string& prompt) const;  // its id; empty when refused
  bool prompt(const std::string& id, const std::string& content) const;

  Events events(const std::string& id, std::int64_t after = 0) const;
  using Condition = std::function<bool(const Json& event)>;
  // The first event after `after` for which it holds; null when none came in time.
  Json wait_for(const std::string& id, const Condition& holds, std::chrono::milliseconds timeout,
                std::int64_t after = 0) const;
  Json wait_for_turn(const std::string& id, std::int64_t after = 0) const;
  bool wait_for_status(const std::string& id, const std::string& status, std::chrono::milliseconds timeout) const;

 private:
  net::HttpRequest request(const std::string& url) const;

  std::string url_, api_key_;
  std::unique_ptr<net::HttpClient> http_;
};

SessionClient::Condition is_type(std::string type);
SessionClient::Condition nth(int n, SessionClient::Condition holds);  // the n-th for which it holds, from 1

Events of_type(const Events& events, const std::string& type);

// Asks again until it holds; false when time is over.
bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds timeout);

// True when `unzip -t` finds nothing wrong with it.
bool is_sound_zip(const std::string& bytes);
// The names of its entries, a line each.
std::string zip_listing(const std::string& bytes);
// What is in one of them; empty when there is none of that name.
std::string zip_entry(const std::string& bytes, const std::string& name);

}  // namespace ottobot::integration
