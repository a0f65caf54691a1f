// CPU time of GET /session/:id and POST /session: the whole server on SQLite or, with --redis, on a Redis of its own
// that writes its append-only file; its sandboxes apart, over keep-alive connections; the server on one core, the load
// on another. Beside it, with --peers, the same two routes with Elysia and, on SQLite, without a framework.
//
//   bench_http [--redis] [--stored 0] [--rounds 5] [--seconds 1] [--connections 1,16,64] [--peers DIR]
//
// --stored: sessions that are in our Redis before, ready and idle; each GET is of another of them.
//
// Prints a table and, last, one JSON line.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>

#include "bench/http_load.hpp"
#include "bench/quiet_server.hpp"
#include "bench/redis_process.hpp"
#include "bench/stored_sessions.hpp"
#include "bench/support.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::bench {
namespace {

constexpr std::chrono::milliseconds kWarmUp{300};
constexpr std::size_t kSessions = 200;  // that GET asks for in turn, at least
constexpr const char* kRoutes[] = {"GET /session/:id", "POST /session"};

struct Options {
  bool redis = false;
  int stored = 0;
  int rounds = 5;
  double seconds = 1;
  std::vector<int> connections{1, 16, 64};
  std::string peers;
};

struct Figures {
  std::vector<double> per_s, cpu_us;
};
using Key = std::pair<std::string, int>;  // route, connections

std::string get_request(const std::string& id) {
  return "GET /session/" + id + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n";
}

std::string post_request(std::int64_t n) {
  const std::string body =
      R"({"initial_prompt":"Make a small web page, number )" + std::to_string(n) + R"(","environment":"node"})";
  return "POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

void measure_load(const ServerProcess& server, LoadParams load, const Options& options, const std::string& route,
                  std::map<Key, Figures>& figures) {
  load.port = server.port();
  load.connections = 16;
  load.duration = kWarmUp;
  must(run_load(load));
  for (const int connections : options.connections) {
    load.connections = connections;
    load.duration = std::chrono::milliseconds(static_cast<int>(options.seconds * 1000));
    const double before = cpu_us_of(server.pid());
    const auto answered = static_cast<double>(must(run_load(load)));
    Figures& own = figures[{route, connections}];
    own.per_s.push_back(answered / options.seconds);
    own.cpu_us.push_back((cpu_us_of(server.pid()) - before) / answered);
  }
}

void measure(const ServerCommand& command, const Options& options, std::map<Key, Figures>& figures) {
  const bool ours = command.argv.back() == kServeFlag;
  const ScratchFolder data("http");
  std::optional<RedisProcess> redis;
  ServerCommand placed = command;
  std::vector<std::string> ids;
  if (options.redis) {
    redis.emplace(std::vector<std::string>{"--appendonly", "yes", "--appendfsync", "everysec"});
    placed.argv.push_back((ours ? kRedisPlace : "") + std::to_string(redis->port()));
    if (ours) ids = store_sessions(*must(make_redis_store(redis->options())), options.stored, 3, 16);
  } else {
    placed.argv.push_back(data.path() + (ours ? "" : "/peer.db"));
  }
  const auto server = must(ServerProcess::start(placed));
  while (ids.size() < kSessions) ids.push_back(create_session(server->port()));
  std::size_t next = 0;
  LoadParams get;
  get.next_request = [&] { return get_request(ids[next++ % ids.size()]); };
  get.expected = "\"session_id\"";
  measure_load(*server, get, options, kRoutes[0], figures);
  std::int64_t number = 0;
  LoadParams post;
  post.next_request = [&] { return post_request(++number); };
  post.expected = "\"chat_url\"";
  measure_load(*server, post, options, kRoutes[1], figures);
}

// Each takes the place of its data as its last argument.
std::vector<ServerCommand> servers(const Options& options) {
  std::vector<ServerCommand> all{quiet_server()};
  if (options.peers.empty()) return all;
  const std::string& dir = options.peers;
  if (options.redis) {
    all.push_back({"Elysia, BullMQ, Bun", {bun_of(dir), dir + "/http_redis_elysia.mjs", "bullmq"}});
    all.push_back({"Elysia, ioredis, Bun", {bun_of(dir), dir + "/http_redis_elysia.mjs", "pipelined"}});
    return all;
  }
  std::vector<ServerCommand> peers{{"Elysia, Bun", {bun_of(dir), dir + "/http_elysia.mjs"}},
                                   {"bare node:http, Bun", {bun_of(dir), dir + "/http_bare.mjs"}},
                                   {"bare node:http, Node.js", {"node", dir + "/http_bare.mjs"}}};
  const ScratchFolder data("http-probe");
  const auto on_data = [&](const ServerCommand& peer) {
    ServerCommand probe = peer;
    probe.argv.push_back(data.path() + "/" + new_id() + ".db");
    return probe;
  };
  std::erase_if(peers, [&](const ServerCommand& peer) { return !starts_or_is_named(on_data(peer)); });
  all.insert(all.end(), peers.begin(), peers.end());
  return all;
}

int run(const Options& options) {
  pin_load();
  const auto all = servers(options);
  std::vector<std::map<Key, Figures>> figures(all.size());
  for (int round = 0; round < options.rounds; ++round) {
    for (std::size_t n = 0; n < all.size(); ++n) measure(all[n], options, figures[n]);
  }
  std::printf("the server on one core, %s; median of %d rounds [lowest-highest]\n\n",
              options.redis ? ("Redis, " + std::to_string(options.stored) + " sessions stored").c_str() : "SQLite",
              options.rounds);
  std::printf("%-18s %-24s %5s %-26s %-24s %s\n", "request", "server", "conn", "answers/s", "CPU us each",
              "theirs / ours (CPU)");
  Json json = Json::object();
  for (const auto& [key, ours] : figures[0]) {
    for (std::size_t n = 0; n < all.size(); ++n) {
      const Figures& own = figures[n].at(key);
      std::printf("%-18s %-24s %5d %-26s %-24s %.1f\n", key.first.c_str(), all[n].name.c_str(), key.second,
                  spread(own.per_s, 0).c_str(), spread(own.cpu_us).c_str(), median(own.cpu_us) / median(ours.cpu_us));
      json[key.first][std::to_string(key.second)][all[n].name] = {{"per_s", median(own.per_s)},
                                                                  {"cpu_us", median(own.cpu_us)}};
    }
  }
  std::printf("\n");
  print_json_line(json);
  return 0;
}

}  // namespace
}  // namespace ottobot::bench

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], ottobot::bench::kServeFlag) == 0) return ottobot::bench::serve_quietly(argv[2]);
  CLI::App app("CPU time of the server's most frequent requests, beside other servers");
  ottobot::bench::Options options;
  app.add_flag("--redis", options.redis, "sessions and queue on Redis");
  app.add_option("--stored", options.stored, "sessions in our Redis before")->check(CLI::Range(0, 10'000'000));
  app.add_option("--rounds", options.rounds, "rounds over all servers")->check(CLI::Range(1, 100));
  app.add_option("--seconds", options.seconds, "of load per figure")->check(CLI::Range(0.1, 600.0));
  app.add_option("--connections", options.connections, "requests in flight")
      ->delimiter(',')
      ->check(CLI::Range(1, 1000));
  app.add_option("--peers", options.peers, "folder of the peers, with node_modules");
  CLI11_PARSE(app, argc, argv);
  return ottobot::bench::run(options);
}
