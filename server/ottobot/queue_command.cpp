// `ottobot queue`: which sessions wait for a worker, in the queue of a service on Redis.

#include <algorithm>
#include <iostream>
#include <memory>

#include "builtins.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "interrupts.hpp"
#include "ottobot/nearest_name.hpp"
#include "queue_report.hpp"
#include "session/worker_roster.hpp"

namespace ottobot::cli {
namespace {

constexpr std::chrono::seconds kCall{30};
constexpr std::size_t kAllLetters = 1000;  // that a queue keeps

constexpr const char* kHelp = R"(Examples:
  ottobot queue --store redis               every queue: who takes from it, and how many wait
  ottobot queue show sessions               the jobs in one, each a session that has work
  ottobot queue show WORKER_ID              the same of a worker's own queue
  ottobot queue retry sessions --all        dead letters go back in line
  ottobot queue drop sessions V1StGXR8_Z5jdHi6B-myT
  ottobot queue --json | jq '.queues[] | select(.waiting > 100)'

Asks Redis itself, found by the settings of `ottobot serve` (OTTOBOT_STORE=redis
or --store redis, REDIS_URL, …), and needs no server. Jobs are
  waiting   for a worker that has room
  delayed   until their time has come
  leased    just taken; a worker that runs a session needs no job any more
  dead      given up after too many attempts: retry or drop them
Every worker takes from "sessions", and alone from a queue of its own. What waits
for a worker that is gone is moved by the others within seconds. What waits cannot
be dropped: its session has work, and ottobot rm ID ends that.)";

struct QueueArguments {
  SettingFlags flags;
  std::string queue, job;
  std::size_t limit = 100;
  bool all = false, as_json = false;
};

// What a command does with the queue; prints and returns the exit status.
using Action = int (*)(Queue& queue, const QueueArguments& arguments, const CallContext& ctx);

Result<std::unique_ptr<Queue>> open_queue(const config::Settings& settings, Logger& logger) {
  if (settings.queue == "memory") {
    return unsupported("the queue is in the memory of the server: no other process can look into it",
                       "GET /metrics of the server has its length; for a service on Redis set OTTOBOT_STORE=redis and "
                       "REDIS_URL, or give --store redis");
  }
  return builtin_registry().queues.make(settings.queue, {settings, system_clock(), logger, {}, {}});
}

int with_queue(const QueueArguments& arguments, Action action) {
  const Interrupts interrupts;
  const auto settings = load_settings(arguments.flags);
  if (!settings) return report(settings.error());
  const auto logger = make_logger({LogLevel::error, LogFormat::text});
  const auto queue = open_queue(*settings, *logger);
  if (!queue) return report(queue.error());
  return action(**queue, arguments, with_timeout(kCall).with_stop(interrupts.token()));
}

Result<std::vector<QueueStanding>> standings_of(Queue& queue, const CallContext& ctx) {
  auto queues = queue.queues(ctx);
  if (!queues) return fail(queues.error());
  const auto workers = queue.workers(ctx);
  if (!workers) return fail(workers.error());
  return queue_standings(std::move(*queues), *workers);
}

// A queue's name, or that of the worker whose it is.
Result<std::string> find_queue(Queue& queue, const std::string& name, const CallContext& ctx) {
  const auto standings = standings_of(queue, ctx);
  if (!standings) return fail(standings.error());
  std::vector<std::string> names;
  for (const QueueStanding& each : *standings) {
    if (each.queue.name == name || each.worker_id == name) return each.queue.name;
    names.push_back(each.queue.name);
    if (!each.worker_id.empty()) names.push_back(each.worker_id);
  }
  const auto nearest = nearest_name(name, names);
  return not_found("there is no queue \"" + name + "\"",
                   nearest.empty() ? "ottobot queue lists them" : "did you mean " + nearest + "?");
}

int list_queues(Queue& queue, const QueueArguments& arguments, const CallContext& ctx) {
  const auto standings = standings_of(queue, ctx);
  if (!standings) return report(standings.error());
  if (arguments.as_json) {
    std::cout << dump_json(queues_json(*standings)) << "\n";
  } else {
    print_queues(std::cout, *standings, system_clock().now_ms());
  }
  return kExitOk;
}

int show_jobs(Queue& queue, const QueueArguments& arguments, const CallContext& ctx) {
  const auto name = find_queue(queue, arguments.queue, ctx);
  if (!name) return report(name.error());
  const auto jobs = queue.jobs(*name, arguments.limit, ctx);
  if (!jobs) return report(jobs.error());
  const auto dead = queue.dead_letters(*name, arguments.limit - std::min(arguments.limit, jobs->size()), ctx);
  if (!dead) return report(dead.error());
  const auto counts = queue.counts(*name, ctx);
  if (!counts) return report(counts.error());
  if (arguments.as_json) {
    std::cout << dump_json(jobs_json(*name, *jobs, *dead)) << "\n";
  } else {
    print_jobs(std::cout, *jobs, *dead, system_clock().now_ms());
  }
  const std::size_t all = counts->waiting + counts->delayed + counts->leased + counts->dead;
  const std::size_t shown = jobs->size() + dead->size();
  if (all > shown) std::cerr << all - shown << " more: ottobot queue show " << *name << " --limit " << all << "\n";
  return kExitOk;
}

// The dead letters that the arguments mean. Errors: not_found, those of the queue.
Result<std::vector<DeadJob>> chosen_letters(Queue& queue, const std::string& name, const QueueArguments& arguments,
                                            const CallContext& ctx) {
  auto letters = queue.dead_letters(name, kAllLetters, ctx);
  if (!letters || arguments.all) return letters;
  std::erase_if(*letters, [&](const DeadJob& letter) { return letter.id != arguments.job; });
  if (!letters->empty()) return letters;
  return not_found("there is no dead letter " + arguments.job + " in the queue " + name,
                   "ottobot queue show " + name + " lists them");
}

// `settle` is done to each of the letters.
template <class Settle>
int settle_letters(Queue& queue, const QueueArguments& arguments, const char* verb, const CallContext& ctx,
                   const Settle& settle) {
  if (arguments.all == !arguments.job.empty()) {
    std::cerr << "error: name a session, or give --all for every dead letter of the queue\n";
    return kExitUsage;
  }
  const auto name = find_queue(queue, arguments.queue, ctx);
  if (!name) return report(name.error());
  const auto letters = chosen_letters(queue, *name, arguments, ctx);
  if (!letters) return report(letters.error());
  Json done = Json::array();
  for (const DeadJob& letter : *letters) {
    if (auto settled = settle(*name, letter.id); !settled) return report(settled.error());
    done.push_back(letter.id);
    if (!arguments.as_json) std::cout << letter.id << "\n";
  }
  if (arguments.as_json) std::cout << dump_json({{"queue", *name}, {verb, std::move(done)}}) << "\n";
  if (letters->empty()) std::cerr << "no dead letters in the queue " << *name << "\n";
  return kExitOk;
}

// In this order: what goes wrong in between leaves a dead letter too many, and no job too few.
int retry_letters(Queue& queue, const QueueArguments& arguments, const CallContext& ctx) {
  return settle_letters(queue, arguments, "retried", ctx,
                        [&](const std::string& name, const std::string& id) -> Result<void> {
                          if (auto pushed = queue.push({name, id, {}}, ctx); !pushed) return fail(pushed.error());
                          return queue.drop_dead_letters(name, id, ctx);
                        });
}

int drop_letters(Queue& queue, const QueueArguments& arguments, const CallContext& ctx) {
  return settle_letters(queue, arguments, "dropped", ctx, [&](const std::string& name, const std::string& id) {
    return queue.drop_dead_letters(name, id, ctx);
  });
}

}  // namespace

Run add_queue(CLI::App& app) {
  auto* command = app.add_subcommand("queue", "look into the queue of a service on Redis");
  command->footer(kHelp);
  command->require_subcommand(0, 1);
  auto arguments = std::make_shared<QueueArguments>();
  auto action = std::make_shared<Action>(list_queues);
  const auto add_flags = [&](CLI::App& to) {
    to.add_flag("--json", arguments->as_json, "one JSON object instead of a table");
    add_setting_flags(to, arguments->flags, {"OTTOBOT_STORE", "OTTOBOT_QUEUE"});
  };
  const auto add_part = [&](const char* name, const char* what, Action does) {
    auto* part = command->add_subcommand(name, what);
    part->add_option("queue", arguments->queue, "the queue, or the worker whose it is")->required()->type_name("NAME");
    add_flags(*part);
    part->callback([action, does] { *action = does; });
    return part;
  };
  add_flags(*command);
  auto* show = add_part("show", "the jobs in one queue", show_jobs);
  show->add_option("--limit", arguments->limit, "how many (default 100)")->check(CLI::PositiveNumber);
  for (auto* part : {add_part("retry", "put dead letters back in line", retry_letters),
                     add_part("drop", "forget dead letters", drop_letters)}) {
    part->add_option("job", arguments->job, "the session whose job it is")->type_name("SESSION");
    part->add_flag("--all", arguments->all, "every dead letter of the queue");
  }
  return [arguments, action] { return with_queue(*arguments, *action); };
}

}  // namespace ottobot::cli
