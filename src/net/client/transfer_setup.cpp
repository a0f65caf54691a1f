// Transfer: from an HttpRequest to libcurl's options.
#include <charconv>

#include "net/client/curl_url.hpp"
#include "net/client/transfer.hpp"

namespace ottobot::net {
namespace {

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool is_unix(const Endpoint& endpoint) { return endpoint.url.rfind("unix:", 0) == 0; }

void append(std::unique_ptr<curl_slist, SlistCleanup>& list, const std::string& line) {
  if (curl_slist* longer = curl_slist_append(list.get(), line.c_str())) {
    (void)list.release();
    list.reset(longer);
  }
}

}  // namespace

Result<void> Transfer::prepare(const HttpClientOptions& options) {
  if (!easy_) return resource_exhausted("no memory for a transfer");
  if (!is_token(request_.method)) return invalid_argument("not an HTTP method: \"" + request_.method + "\"");
  if (auto ok = set_url(); !ok) return ok;
  if (auto ok = set_headers(); !ok) return ok;
  set_body();
  set_callbacks();
  CURL* const easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  if (!options.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.client_cert.empty()) {
    curl_easy_setopt(easy, CURLOPT_SSLCERT, options.client_cert.c_str());
    curl_easy_setopt(easy, CURLOPT_SSLKEY, options.client_key.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, new_connection_ ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_timeout.count()));
  return {};
}

Result<void> Transfer::set_url() {
  const auto url = parse_url(request_.url);
  if (!url) return invalid_argument("not a URL: \"" + request_.url + "\"");
  if (url->scheme != "http" && url->scheme != "https") {
    return invalid_argument("not an http or https URL: \"" + request_.url + "\"");
  }
  curl_easy_setopt(easy_.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_.get(), CURLOPT_URL, request_.url.c_str());
  if (request_.endpoint || is_loopback(url->host)) curl_easy_setopt(easy_.get(), CURLOPT_PROXY, "");
  if (request_.endpoint) set_endpoint(url->host, url->port);
  return {};
}

void Transfer::set_endpoint(const std::string& host, const std::string& port) {
  CURL* const easy = easy_.get();
  if (!is_unix(*request_.endpoint)) {
    const std::string& url = request_.endpoint->url;
    const std::size_t start = url.find("://");
    const std::string authority = url.substr(start == std::string::npos ? 0 : start + 3);
    append(connect_to_, "::" + authority.substr(0, authority.find('/')));
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to_.get());
    return;
  }
  // The address is never used: it only keeps libcurl from looking the name up. '+' lets the entry time out.
  append(resolve_, "+" + host + ":" + port + ":127.0.0.1");
  curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve_.get());
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &Transfer::on_connected);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
}

Result<void> Transfer::set_headers() {
  bool has_type = false;
  for (const auto& [name, value] : request_.headers) {
    if (!is_token(name) || !is_field_value(value)) return invalid_argument("not a header field: \"" + name + "\"");
    has_type = has_type || equals_ignore_case(name, "Content-Type");
    // libcurl's spelling of a field with an empty value.
    append(headers_, value.empty() ? name + ";" : name + ": " + value);
  }
  // A field without value is libcurl's way to leave its own default out.
  append(headers_, "Expect:");
  if (!has_type) append(headers_, "Content-Type:");
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers_.get());
  return {};
}

void Transfer::set_body() {
  CURL* const easy = easy_.get();
  const std::string& method = request_.method;
  if (request_.body_source) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Transfer::on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, this);
    // A source cannot be read twice, so it must not meet a pooled connection that turns out to be dead.
    new_connection_ = true;
    if (auto length = request_.headers.find("Content-Length")) {
      curl_off_t bytes = -1;
      std::from_chars(length->data(), length->data() + length->size(), bytes);
      curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, bytes);
    }
  } else if (!request_.body.empty() || method == "POST" || method == "PUT" || method == "PATCH") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.c_str());
  } else if (method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  if (method != "GET" || request_.body_source || !request_.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
}

void Transfer::set_callbacks() {
  CURL* const easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_bytes);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, request_.idle_timeout.count() > 0 ? 0L : 1L);
}

}  // namespace ottobot::net
