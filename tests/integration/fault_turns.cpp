#include "integration/fault_turns.hpp"

namespace ottobot::integration {
namespace {

using testing::answer_chunk;
using testing::finished;
using testing::google_error;
using testing::sse;
using testing::Wire;
using Canned = testing::GeminiStandIn::Canned;
using End = testing::GeminiStandIn::End;
using Turns = std::vector<FaultTurn>;

Json text_part(const std::string& text) { return {{"text", text}}; }
Json bad_call() {
  return {{"functionCall", {{"name", "execute_command"}, {"args", {{"command", kNeverRun}}}, {"id", "bad"}}},
          {"thoughtSignature", "bad"}};
}
Json chunk(Json part) { return answer_chunk(Json::array({std::move(part)})); }
Json partial() { return chunk(text_part(kPartial)); }

Canned answer(std::string body, End end = End::whole) {
  Canned canned;
  canned.body = std::move(body);
  canned.end = end;
  return canned;
}

Canned bare_refusal(int status, const std::string& body, const std::string& type = "application/json") {
  return {status, type, body};
}
Canned refusal(int status, const std::string& name, const std::string& message, const Json& details = Json::array()) {
  return bare_refusal(status, google_error(status, name, message, details));
}

Json detail(const char* type, const char* key, Json value) {
  return Json::array({{{"@type", std::string("type.googleapis.com/google.rpc.") + type}, {key, std::move(value)}}});
}
Json retry_info(const std::string& delay) { return detail("RetryInfo", "retryDelay", delay); }
Json quota(const char* id) { return detail("QuotaFailure", "violations", Json::array({{{"quotaId", id}}})); }

// A whole answer that ends with `reason`, call and text in it.
Canned ending(const std::string& reason, bool with_call = true) {
  std::vector<Json> chunks{partial()};
  if (with_call) chunks.push_back(chunk(bad_call()));
  chunks.push_back(finished(answer_chunk(Json::array()), reason));
  return answer(sse(chunks));
}

Turns refused_and_tried_again() {
  const Json busy = {{"code", 503}, {"message", "overloaded"}, {"status", "UNAVAILABLE"}};
  Canned by_header = bare_refusal(429, "");
  by_header.headers = {{"Retry-After", "0"}};
  return {{"429 with a RetryInfo in milliseconds", {rate_limit("40ms")}},
          {"429 with a RetryInfo in fractions", {rate_limit("0.050s")}},
          {"429 that says it in words",
           {refusal(429, "RESOURCE_EXHAUSTED", "Quota exceeded, limit: 20\nPlease retry in 0.03s.")}},
          {"429 without a word", {refusal(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted")}},
          {"429 with a header", {by_header}},
          {"429 in the second step", {Wire{}, rate_limit("10ms")}},
          {"500", {refusal(500, "INTERNAL", "An internal error has occurred.")}},
          {"502 as a page", {bare_refusal(502, "<html>Bad Gateway</html>", "text/html")}},
          {"503", {refusal(503, "UNAVAILABLE", "This model is currently experiencing high demand.")}},
          {"503 as an array", {bare_refusal(503, Json::array({{{"error", busy}}}).dump(2))}},
          {"504", {refusal(504, "DEADLINE_EXCEEDED", "too late")}},
          {"499", {refusal(499, "CANCELLED", "cancelled")}},
          {"408 without a body", {bare_refusal(408, "")}},
          {"three refusals of different kinds",
           {rate_limit("5ms"), refusal(503, "UNAVAILABLE", "busy"), refusal(500, "INTERNAL", "oops")}}};
}

Turns broken_and_tried_again() {
  const Json busy = {{"error", {{"code", 503}, {"message", "overloaded"}, {"status", "UNAVAILABLE"}}}};
  const Json limit = {{"error", {{"code", 429}, {"message", "slow"}, {"details", retry_info("20ms")}}}};
  const std::string begun = sse({partial()});
  const std::string with_call = sse({partial(), chunk(bad_call())});
  Canned short_body = answer("");
  short_body.headers = {{"Content-Length", "1000"}};
  short_body.end = End::cut;
  Canned cut_gzip = answer(begun, End::cut);
  cut_gzip.wire.gzip = true;
  return {{"an error event in mid-stream", {answer(begun + "data: " + busy.dump() + "\r\n\r\n")}},
          {"a limit in mid-stream", {answer(begun + "data: " + limit.dump() + "\r\n\r\n")}},
          {"a bare error in mid-stream", {answer(begun + busy.dump())}},
          {"a bare error over many lines", {answer(with_call + busy.dump(2) + "\n")}},
          {"an error array with status 200", {answer("[" + busy.dump() + "]")}},
          {"a cut after text", {answer(begun, End::cut)}},
          {"a cut after a call", {Wire{}, answer(with_call, End::cut)}},
          {"a cut in an event", {answer(begun + "data: {\"candidates\":[{\"cont", End::cut)}},
          {"a cut before the body", {short_body}},
          {"a cut in gzip", {cut_gzip}},
          {"an event that is no JSON", {answer(begun + "data: {\"candidates\":[}\r\n\r\n")}},
          {"no finish reason after text", {answer(begun)}},
          {"no finish reason after a call", {answer(with_call)}},
          {"no finish reason in the second step", {Wire{}, answer(with_call)}},
          {"an empty body", {answer("")}},
          {"an empty answer", {answer(sse({finished(chunk(text_part("")))}))}},
          {"thoughts and nothing else",
           {answer(sse({chunk({{"text", kPartial}, {"thought", true}}), finished(answer_chunk(Json::array()))}))}},
          {"silence after text", {silence()}},
          {"silence in the second step", {Wire{}, silence()}},
          {"silence before the answer", {answer("", End::silence)}}};
}

Turns malformed_and_asked_again() {
  return {{"a malformed call", {ending("MALFORMED_FUNCTION_CALL")}},
          {"a malformed call and nothing else",
           {answer(sse({{{"candidates",
                          Json::array({{{"finishReason", "MALFORMED_FUNCTION_CALL"},
                                        {"finishMessage", "Malformed function call: print(default_api.x("}}})}}}))}},
          {"an unexpected call", {Wire{}, ending("UNEXPECTED_TOOL_CALL")}},
          {"too many calls", {ending("TOO_MANY_TOOL_CALLS"), ending("MALFORMED_FUNCTION_CALL")}}};
}

Turns odd_forms() {
  Wire bytes, gzip, array, lines, bare, together, no_ids, open_end, all;
  bytes.piece = 1;
  gzip.gzip = true;
  array.array = true;
  lines.line_end = "\n";
  bare.comments = false;
  together.together = true;
  no_ids.ids = false;
  open_end.open_end = true;
  all.gzip = all.array = all.together = true;
  all.piece = 1;
  Turns turns;
  const std::vector<std::pair<const char*, Wire>> forms = {{"a byte at a time", bytes},
                                                           {"gzip", gzip},
                                                           {"an array", array},
                                                           {"plain line ends", lines},
                                                           {"no comments", bare},
                                                           {"all in one event", together},
                                                           {"calls without ids", no_ids},
                                                           {"an open end", open_end},
                                                           {"a zipped array in one event", all}};
  for (const auto& [name, wire] : forms) turns.push_back({name, {wire, wire}});
  return turns;
}

Turns not_worth_another_try() {
  const Json bad_key = detail("ErrorInfo", "reason", "API_KEY_INVALID");
  const std::string full = "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).";
  const Json blocked = {{"promptFeedback", {{"blockReason", "PROHIBITED_CONTENT"}}}};
  const Canned busy = refusal(503, "UNAVAILABLE", "The model is overloaded.");
  const Canned malformed = ending("MALFORMED_FUNCTION_CALL");
  Json daily = quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier");
  daily.push_back(retry_info("1s")[0]);
  const std::string failed = "failed", limit = "resource_exhausted";
  return {
      {"a daily quota", {refusal(429, "RESOURCE_EXHAUSTED", "quota", daily)}, failed, limit},
      {"a quota of zero", {refusal(429, "RESOURCE_EXHAUSTED", "x, limit: 0\nPlease retry in 1s.")}, failed, limit},
      {"a wait of an hour", {rate_limit("3600s")}, failed, limit},
      {"a refused request", {Wire{}, refusal(400, "INVALID_ARGUMENT", "no such field")}, failed, "invalid_argument"},
      {"a bad key", {refusal(400, "INVALID_ARGUMENT", "bad", bad_key)}, failed, "unauthenticated"},
      {"no permission", {refusal(403, "PERMISSION_DENIED", "denied")}, failed, "unauthenticated"},
      {"an unknown model", {refusal(404, "NOT_FOUND", "no such model")}, failed, "invalid_argument"},
      {"a full window", {refusal(400, "INVALID_ARGUMENT", full)}, failed, "invalid_argument"},
      {"a blocked prompt", {answer("data: " + blocked.dump() + "\r\n\r\n")}, failed, "permission_denied"},
      {"SAFETY", {ending("SAFETY")}, failed, "permission_denied"},
      {"RECITATION in the second step", {Wire{}, ending("RECITATION")}, failed, "permission_denied"},
      {"malformed calls only", {malformed, malformed, malformed}, failed, "internal"},
      {"overload that lasts", {busy, busy, busy, busy}, failed, "unavailable"},
      {"an answer that is cut", {ending("MAX_TOKENS", false)}, "limit", limit},
      {"an answer that is cut in a call", {Wire{}, ending("MAX_TOKENS")}, "limit", limit}};
}

}  // namespace

Canned silence() { return answer(sse({partial()}), End::silence); }

Canned rate_limit(const std::string& delay) {
  return refusal(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", retry_info(delay));
}

std::vector<FaultTurn> fault_turns() {
  Turns all{{"nothing wrong", {}}};
  for (Turns part : {refused_and_tried_again(), not_worth_another_try(), broken_and_tried_again(),
                     malformed_and_asked_again(), odd_forms()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace ottobot::integration
