#include "containers/docker/engine_address.hpp"

#include <string_view>

namespace ottobot::containers {
namespace {

constexpr const char* kDefaultHost = "unix:///var/run/docker.sock";
constexpr const char* kPlainPort = "2375";
constexpr const char* kTlsPort = "2376";

Failure malformed(const std::string& host) {
  return invalid_argument("not the address of a container engine: \"" + host + "\"",
                          "DOCKER_HOST is unix:///PATH or tcp://HOST:PORT");
}

// Of "host:port", with an IPv6 address in brackets.
std::string host_of(const std::string& authority) {
  if (!authority.empty() && authority.front() == '[') return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

bool has_port(const std::string& authority) {
  const auto bracket = authority.find(']');
  return authority.find(':', bracket == std::string::npos ? 0 : bracket) != std::string::npos;
}

Result<EngineAddress> tcp_address(const std::string& rest, bool with_tls, const DockerEngineOptions& options) {
  EngineAddress address;
  address.shown = options.host;
  std::string authority = rest.substr(0, rest.find('/'));
  address.host = host_of(authority);
  if (address.host.empty()) return malformed(options.host);
  if (!has_port(authority)) authority += std::string(":") + (with_tls ? kTlsPort : kPlainPort);
  address.base_url = (with_tls ? "https://" : "http://") + authority;
  if (with_tls && !options.cert_path.empty()) {
    address.ca_file = options.cert_path + "/ca.pem";
    address.cert_file = options.cert_path + "/cert.pem";
    address.key_file = options.cert_path + "/key.pem";
  }
  return address;
}

}  // namespace

Result<EngineAddress> parse_engine_address(const DockerEngineOptions& options) {
  DockerEngineOptions known = options;
  if (known.host.empty()) known.host = kDefaultHost;
  const auto colon = known.host.find("://");
  if (colon == std::string::npos) return malformed(known.host);
  const std::string scheme = known.host.substr(0, colon);
  const std::string rest = known.host.substr(colon + 3);
  if (scheme == "unix") {
    if (rest.empty() || rest.front() != '/') return malformed(known.host);
    EngineAddress address;
    address.shown = known.host;
    address.socket_path = rest;
    return address;
  }
  if (scheme == "tcp" || scheme == "http") return tcp_address(rest, known.tls_verify, known);
  if (scheme == "https") return tcp_address(rest, true, known);
  if (scheme == "ssh") {
    return unsupported("an engine behind ssh cannot be reached directly: " + known.host,
                       "forward its socket: ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock " + rest +
                           ", then DOCKER_HOST=tcp://HOST:PORT or a forwarded port");
  }
  return malformed(known.host);
}

}  // namespace ottobot::containers
