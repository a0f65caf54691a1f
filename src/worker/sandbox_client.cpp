#include "worker/sandbox_client.hpp"

namespace ottobot::worker {
namespace {

Failure unexpected_status(const std::string& what, int status, const std::string& body) {
  return unavailable("the sandbox answered " + what + " with " + std::to_string(status) + ": " + body.substr(0, 200));
}

class BlobSink final : public net::ResponseSink {
 public:
  BlobSink(BlobWriter& writer, const ArchiveOptions& options) : writer_(writer), options_(options) {}
  Result<void> on_head(int status, const net::Headers&) override {
    if (status != 200) return unexpected_status("the archive request", status, "");
    return {};
  }
  Result<void> on_body(std::string_view bytes) override {
    size_ += bytes.size();
    if (options_.max_bytes != 0 && size_ > options_.max_bytes) return unsupported("the archive is too large");
    const auto now = std::chrono::steady_clock::now();
    if (options_.check && now - checked_ >= options_.check_interval) {
      checked_ = now;
      if (auto go_on = options_.check(); !go_on) return go_on;
    }
    return writer_.write(bytes);
  }

 private:
  BlobWriter& writer_;
  const ArchiveOptions& options_;
  std::uint64_t size_ = 0;
  SteadyTime checked_ = std::chrono::steady_clock::now();
};

}  // namespace

Result<Json> SandboxClient::control(const std::string& verb, const Json& body, const CallContext& ctx) {
  auto request = net::request_to(endpoint_, "POST", "/control/" + verb);
  request.headers.set("Content-Type", "application/json");
  request.body = dump_json(body);
  auto response = http_.fetch(request, ctx);
  if (!response) return fail(response.error(), "sandbox " + verb);
  if (response->status == 409) return fenced("a newer owner holds this sandbox");
  if (response->status != 200) return unexpected_status(verb, response->status, response->body);
  return parse_json(response->body);
}

Result<std::string> SandboxClient::claim(std::uint64_t epoch, const CallContext& ctx) {
  auto answer = control("claim", {{"epoch", epoch}}, ctx);
  if (!answer) return fail(answer.error());
  return get_string(*answer, "boot_id");
}

Result<void> SandboxClient::cancel(const std::string& call_id, std::uint64_t epoch, const CallContext& ctx) {
  auto answer = control("cancel", {{"call_id", call_id}, {"epoch", epoch}}, ctx);
  if (!answer) return fail(answer.error());
  return {};
}

Result<void> SandboxClient::acknowledge(const std::vector<std::string>& call_ids, std::uint64_t epoch,
                                        const CallContext& ctx) {
  auto answer = control("ack", {{"call_ids", call_ids}, {"epoch", epoch}}, ctx);
  if (!answer) return fail(answer.error());
  return {};
}

Result<std::string> SandboxClient::health(const CallContext& ctx) {
  auto response = http_.fetch(net::request_to(endpoint_, "GET", "/health"), ctx);
  if (!response) return fail(response.error());
  if (response->status != 200) return unexpected_status("the health check", response->status, response->body);
  auto health = parse_json(response->body);
  if (!health) return fail(health.error());
  return get_string(*health, "boot_id");
}

Result<std::string> SandboxClient::archive(SessionStore& store, const std::string& session_id,
                                           const ArchiveOptions& options, const CallContext& ctx) {
  auto writer = store.create_blob(session_id, ctx);
  if (!writer) return fail(writer.error());
  BlobSink sink(**writer, options);
  auto streamed =
      http_.stream(net::request_to(endpoint_, "GET", options.quick ? "/archive?effort=quick" : "/archive"), sink, ctx);
  if (!streamed) return fail(streamed.error(), "archiving the workspace");
  return (*writer)->commit();
}

Result<void> SandboxClient::restore(SessionStore& store, const std::string& session_id, const std::string& blob_id,
                                    const CallContext& ctx) {
  auto reader = store.open_blob(session_id, blob_id, ctx);
  if (!reader) return fail(reader.error());
  auto request = net::request_to(endpoint_, "PUT", "/archive");
  // Cut short, it is noticed by its length.
  request.headers.set("Content-Length", std::to_string((*reader)->size_bytes()));
  std::optional<Error> broken;
  request.body_source = [&](char* buffer, std::size_t size) -> std::size_t {
    auto got = (*reader)->read({buffer, size});
    if (!got) broken = got.error();
    return got.value_or(0);
  };
  auto response = http_.fetch(request, ctx);
  if (broken) return fail(*broken);
  if (!response) return fail(response.error());
  if (response->status != 200) return unexpected_status("the archive", response->status, response->body);
  return {};
}

Result<bool> SandboxClient::is_workspace_empty(const CallContext& ctx) {
  auto response = http_.fetch(net::request_to(endpoint_, "GET", "/files"), ctx);
  if (!response) return fail(response.error());
  if (response->status != 200) return unexpected_status("a listing", response->status, response->body);
  auto listing = parse_json(response->body);
  if (!listing) return fail(listing.error());
  const Json* entries = find_member(*listing, "entries");
  return entries == nullptr || entries->empty();
}

}  // namespace ottobot::worker
