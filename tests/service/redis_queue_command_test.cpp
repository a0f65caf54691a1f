// `ottobot queue`, and what the processes of a service say of each other, on a real Redis.

#include "ottobot/session/session_service.hpp"
#include "redis_program.hpp"

namespace ottobot::testing {
namespace {

using std::chrono::seconds;

class QueueCommand : public RedisProgram {
 protected:
  net::RunResult queue(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "queue");
    return value_of(home_.run(on_redis(std::move(arguments))));
  }
  Json json_of(std::vector<std::string> arguments) {
    arguments.push_back("--json");
    const auto result = queue(std::move(arguments));
    EXPECT_EQ(result.status.code, 0) << result.err;
    return value_of(parse_json(result.out));
  }
  void bury(Queue& queue, const std::string& name, const std::string& id) {
    EXPECT_TRUE(value_of(queue.push({name, id, {}}, ctx_)));
    const auto job = value_of(queue.lease({{name}, "w"}, ctx_));
    ASSERT_TRUE(job);
    EXPECT_TRUE(succeeded(queue.fail(*job, {"it broke", 1}, ctx_)));
  }

  const CallContext ctx_ = with_timeout(seconds(30));
  const std::map<std::string, std::string> shared_{{"OTTOBOT_CLUSTER_SECRET", "the-same-for-all-processes"}};
};

TEST_F(QueueCommand, ShowsWhoWaitsForWhom) {
  auto server = RunningProgram::serve(home_, on_redis({"--port", "0", "--role", "api"}, config(shared_)));
  ASSERT_TRUE(server) << server.error().to_string();
  const std::string session = create((*server)->url());
  auto gone = value_of(make_redis_queue(redis_->options()));
  ASSERT_TRUE(value_of(gone->push({"worker:w-gone", "job-of-nobody", {}}, ctx_)));

  const auto table = queue({});
  EXPECT_EQ(table.status.code, 0) << table.err;
  EXPECT_NE(table.out.find("QUEUE"), std::string::npos) << table.out;
  const Json queues = json_of({})["queues"];
  ASSERT_EQ(queues.size(), 2u) << queues;
  EXPECT_EQ(queues[0]["name"], kSharedQueue);
  EXPECT_EQ(queues[0]["waiting"], 1);
  EXPECT_EQ(queues[0]["alive"], false) << "nobody takes from it";
  EXPECT_TRUE(queues[0]["oldest_since"].is_string());
  EXPECT_EQ(queues[1]["worker_id"], "w-gone");
  EXPECT_EQ(queues[1]["alive"], false);

  EXPECT_NE(queue({"show", kSharedQueue}).out.find(session), std::string::npos);
  const Json jobs = json_of({"show", "w-gone"});
  EXPECT_EQ(jobs["queue"], "worker:w-gone");
  ASSERT_EQ(jobs["jobs"].size(), 1u);
  EXPECT_EQ(jobs["jobs"][0]["session_id"], "job-of-nobody");
  EXPECT_EQ(jobs["jobs"][0]["state"], "waiting");
  EXPECT_NE(queue({"show", "sesions"}).err.find("did you mean sessions?"), std::string::npos);
  EXPECT_EQ(queue({"show", "sesions"}).status.code, 1);
}

TEST_F(QueueCommand, RetriesAndDropsDeadLetters) {
  auto queue_on_redis = value_of(make_redis_queue(redis_->options()));
  for (const char* id : {"a", "b", "c"}) bury(*queue_on_redis, kSharedQueue, id);
  const Json dead = json_of({"show", kSharedQueue})["jobs"];
  ASSERT_EQ(dead.size(), 3u);
  EXPECT_EQ(dead[0]["state"], "dead");
  EXPECT_EQ(dead[0]["error"], "it broke");
  EXPECT_EQ(queue({"retry", kSharedQueue}).status.code, 2) << "of which, it has to be said";
  EXPECT_EQ(queue({"retry", kSharedQueue, "x"}).status.code, 1);
  EXPECT_EQ(json_of({"drop", kSharedQueue, "b"})["dropped"], Json({"b"}));
  EXPECT_EQ(json_of({"retry", kSharedQueue, "--all"})["retried"], Json({"a", "c"}));
  const auto counts = value_of(queue_on_redis->counts(kSharedQueue, ctx_));
  EXPECT_EQ(counts.dead, 0u);
  EXPECT_EQ(counts.waiting, 2u);
}

TEST_F(QueueCommand, SaysThatAQueueInMemoryCannotBeLookedInto) {
  const auto result = value_of(home_.run({"queue"}));
  EXPECT_EQ(result.status.code, 1);
  EXPECT_NE(result.err.find("no other process can look into it"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("OTTOBOT_STORE=redis"), std::string::npos) << result.err;
  redis_->kill();
  const auto down = queue({});
  EXPECT_EQ(down.status.code, 1);
  EXPECT_NE(down.err.find("Redis"), std::string::npos) << down.err;
}

TEST_F(QueueCommand, ProcessesOfAnotherSecretAreFoundOutAndNamed) {
  auto server = RunningProgram::serve(home_, on_redis({"--port", "0", "--role", "api"}, config(shared_)));
  ASSERT_TRUE(server) << server.error().to_string();
  const std::string url = (*server)->url();
  const auto checks = [&](const std::map<std::string, std::string>& settings) {
    return value_of(home_.run(on_redis({"doctor", "--role", "api", "--port", "0"}, config(settings)))).out;
  };
  EXPECT_NE(checks(shared_).find("no worker is up"), std::string::npos);
  const std::map<std::string, std::string> another{{"OTTOBOT_CLUSTER_SECRET", "another-secret-than-theirs"},
                                                   {"WORKER_ID", "stranger"}};
  auto worker = RunningProgram::serve(home_, on_redis({"--port", "0", "--role", "worker"}, config(another)));
  ASSERT_TRUE(worker) << worker.error().to_string();
  EXPECT_TRUE(eventually([&] {
    const Json health = json_at(url + "/health");
    return dump_json(health).find("OTTOBOT_CLUSTER_SECRET") != std::string::npos &&
           get_string(health, "status") == "degraded";
  })) << ask(url + "/health").body;
  const auto refused = ask(url + "/session/" + create(url) + "/files");
  EXPECT_EQ(refused.status, 503) << refused.body;
  EXPECT_NE(refused.body.find("worker stranger has another OTTOBOT_CLUSTER_SECRET"), std::string::npos) << refused.body;
  EXPECT_NE(get_string(value_of(parse_json(refused.body)), "hint").find("the same"), std::string::npos);
  EXPECT_NE(checks(shared_).find("worker stranger on host"), std::string::npos) << checks(shared_);
  EXPECT_NE(checks(another).find("has our secret"), std::string::npos) << checks(another);
}

}  // namespace
}  // namespace ottobot::testing
