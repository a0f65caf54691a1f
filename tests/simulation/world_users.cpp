// What users ask for. Whoever is not answered asks again, of any API server, in the same words.
#include "simulation/world.hpp"

namespace ottobot::simulation {
namespace {

constexpr Nanos kPatience = 12 * kSecond;

// The server did not do it, as far as it knows: it is asked again.
bool is_no_answer(const Error& error) {
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::deadline_exceeded ||
         error.code == ErrorCode::cancelled;
}

}  // namespace

// nullopt when no answer came.
template <class Value>
std::optional<Result<Value>> World::ask(std::function<Result<Value>(SessionService&)> request) {
  const auto api = apis_[scheduler_.random().below(apis_.size())].api;
  const auto answer = std::make_shared<std::optional<Result<Value>>>();
  scheduler_.detach(scheduler_.spawn(api->process, [this, api, answer, request] {
    auto result = request(api->sessions);
    if (!api->process->dead) *answer = std::move(result);
    scheduler_.wake_all(answer.get());
  }));
  scheduler_.wait(answer.get(), scheduler_.now() + kPatience);
  return *answer;
}

template <class Value>
std::optional<Result<Value>> World::ask_until_told(std::function<Result<Value>(SessionService&)> request) {
  while (!is_over()) {
    auto answer = ask<Value>(request);
    if (answer && (*answer || !is_no_answer(answer->error()))) return answer;
    scheduler_.sleep_for(scheduler_.random().between(50 * kMillisecond, kSecond));
  }
  return std::nullopt;
}

void World::use_session(std::size_t number) {
  Random& random = scheduler_.random();
  Acknowledged& told = told_[number];
  scheduler_.sleep_for(random.between(0, 3 * kSecond));
  if (!create(told, number)) return;
  const std::uint64_t prompts = random.below(plan_.most_prompts + 1);
  const bool stops = random.chance(0.4), deletes = random.chance(0.35);
  for (std::uint64_t i = 1; i <= prompts && !is_over(); ++i) {
    scheduler_.sleep_for(random.between(10 * kMillisecond, random.chance(0.3) ? 20 * kSecond : 2 * kSecond));
    prompt(told, number, i);
    if (!stops || random.chance(0.4)) continue;
    scheduler_.sleep_for(random.between(0, 2 * kSecond));
    stop(told);
  }
  if (!deletes) return;
  scheduler_.sleep_for(random.between(0, 6 * kSecond));
  remove(told);
}

bool World::create(Acknowledged& told, std::size_t number) {
  NewSession session;
  session.initial_prompt = planned_prompt("session" + std::to_string(number), scheduler_.random().below(3));
  session.idempotency_key = "key" + std::to_string(number);
  const auto created = ask_until_told<SessionRow>(
      [session](SessionService& service) { return service.create(session, with_timeout(std::chrono::seconds(8))); });
  if (!created) return false;
  if (!*created) {
    ledger_.violated("a session was refused: " + created->error().to_string());
    return false;
  }
  told.session_id = (*created)->id;
  told.first_prompt = session.initial_prompt;
  scheduler_.trace("told: created " + told.session_id);
  return true;
}

void World::prompt(Acknowledged& told, std::size_t session, std::uint64_t number) {
  const std::string name = "session" + std::to_string(session) + "-" + std::to_string(number);
  const std::string content = planned_prompt(name, scheduler_.random().below(3));
  const auto posted = ask_until_told<Seq>([id = told.session_id, content, name](SessionService& service) {
    return service.post_prompt(id, {}, content, name, with_timeout(std::chrono::seconds(8)));
  });
  if (!posted) return;
  if (*posted) {
    told.prompts.insert(name);
    scheduler_.trace("told: prompted " + told.session_id + " " + name);
  } else if (posted->error().code != ErrorCode::not_found || !plan_.sessions_expire) {
    ledger_.violated("a prompt was refused: " + posted->error().to_string());
  }
}

void World::stop(Acknowledged& told) {
  const auto stopped = ask_until_told<void>([id = told.session_id](SessionService& service) {
    return service.stop(id, {}, with_timeout(std::chrono::seconds(8)));
  });
  if (stopped && *stopped) scheduler_.trace("told: stopped " + told.session_id);
}

void World::remove(Acknowledged& told) {
  const auto removed = ask_until_told<void>([id = told.session_id](SessionService& service) {
    return service.remove(id, {}, with_timeout(std::chrono::seconds(8)));
  });
  if (!removed || !*removed) return;
  told.deleted = true;
  scheduler_.trace("told: deleted " + told.session_id);
}

}  // namespace ottobot::simulation
