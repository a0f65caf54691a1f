#include "llm/gemini_wire.hpp"

#include <zlib.h>

#include <array>

namespace ottobot::testing {
namespace {

constexpr int kGzip = 15 + 16;  // zlib's way to ask for a gzip header

std::string gzipped(std::string_view text) {
  z_stream stream{};
  if (::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string input(text);
  std::string output(::deflateBound(&stream, input.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(output.data());
  stream.avail_out = static_cast<uInt>(output.size());
  ::deflate(&stream, Z_FINISH);
  output.resize(stream.total_out);
  ::deflateEnd(&stream);
  return output;
}

// One chunk that holds what all of them say.
Json merged(const std::vector<Json>& chunks) {
  Json whole = chunks.back();
  Json parts = Json::array();
  for (const Json& chunk : chunks) {
    for (const Json& part : chunk["candidates"][0]["content"]["parts"]) parts.push_back(part);
  }
  whole["candidates"][0]["content"]["parts"] = std::move(parts);
  return whole;
}

std::string as_array(const std::vector<Json>& chunks) {
  std::string body = "[";
  for (const Json& chunk : chunks) body += (body.size() > 1 ? "\r\n,\r\n" : "") + chunk.dump(2);
  return body + "\r\n]\r\n";
}

}  // namespace

Json answer_chunk(Json parts) {
  return {{"candidates", Json::array({{{"content", {{"parts", std::move(parts)}, {"role", "model"}}}, {"index", 0}}})},
          {"usageMetadata", {{"promptTokenCount", 9}, {"totalTokenCount", 9}}},
          {"modelVersion", "stand-in"}};
}

Json finished(Json chunk, const std::string& reason) {
  chunk["candidates"][0]["finishReason"] = reason;
  chunk["usageMetadata"] = {{"promptTokenCount", 100}, {"candidatesTokenCount", 7}};
  return chunk;
}

std::string framed(std::vector<Json> chunks, const Wire& wire) {
  if (wire.together) chunks = {merged(chunks)};
  if (wire.array) return as_array(chunks);
  const std::string& end = wire.line_end;
  std::string body = wire.comments ? ": here it comes" + end : "";
  for (const Json& chunk : chunks) {
    body += "data: " + chunk.dump() + end + end;
    if (wire.comments) body += ": keep-alive" + end + end + ": the next one" + end;
  }
  if (wire.open_end) body.resize(body.rfind("data: ") + std::string("data: ").size() + chunks.back().dump().size());
  return body;
}

std::string sse(const std::vector<Json>& chunks) { return framed(chunks, {}); }

bool send_body(net::Exchange& exchange, std::string_view body, const Wire& wire) {
  constexpr std::array<std::size_t, 9> kSizes = {1, 2, 3, 7, 1, 13, 64, 5, 301};
  const std::string packed = wire.gzip ? gzipped(body) : std::string(body);
  std::string_view rest = packed;
  for (std::size_t i = 0; !rest.empty(); ++i) {
    const std::string_view piece = rest.substr(0, wire.piece != 0 ? wire.piece : kSizes[i % kSizes.size()]);
    if (!exchange.write(piece)) return false;
    rest.remove_prefix(piece.size());
  }
  return true;
}

}  // namespace ottobot::testing
