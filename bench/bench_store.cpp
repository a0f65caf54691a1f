// CPU time of one append of one small event, at two lengths of the log. Prints a table and, last, one JSON line.
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "ottobot/ids.hpp"
#include "ottobot/stores/memory.hpp"
#include "ottobot/stores/sqlite.hpp"

namespace ottobot {
namespace {

constexpr int kMeasured = 400;  // appends per figure, spread over sessions of the wanted length
constexpr int kWindow = 10;     // measured per session: the log hardly grows meanwhile
constexpr int kThreads = 8, kAppendsPerThread = 200;

double cpu_us() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

struct Figures {
  double cpu_at_10 = 0, cpu_at_2000 = 0, wall_at_10 = 0;
  double shared_per_s = 0;  // appends of kThreads sessions at once
};

Lease new_session(SessionStore& store) {
  CreateSessionParams params;
  params.row.id = new_id();
  params.row.initial_prompt = std::string(500, 'x');
  (void)store.create_session(params, CallContext{});
  return store.acquire_lease({params.row.id, "bench", std::chrono::hours(1)}, CallContext{}).value();
}

void append(SessionStore& store, const Lease& lease, std::size_t events, bool patch) {
  AppendOwnerParams params;
  params.session_id = lease.session_id;
  params.epoch = lease.epoch;
  for (std::size_t n = 0; n < events; ++n) params.events.push_back(events::agent_thinking("a small event"));
  if (patch) params.patch.usage = Usage{1, 2, 3, 0.5};
  store.append_owner(params, CallContext{}).value();
}

void measure(SessionStore& store, std::size_t length, double& cpu, double& wall) {
  cpu = wall = 0;
  for (int done = 0; done < kMeasured; done += kWindow) {
    const Lease lease = new_session(store);
    append(store, lease, length - kWindow / 2, false);
    const double cpu_before = cpu_us();
    const auto before = std::chrono::steady_clock::now();
    for (int n = 0; n < kWindow; ++n) append(store, lease, 1, true);
    wall += std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - before).count();
    cpu += cpu_us() - cpu_before;
  }
  cpu /= kMeasured;
  wall /= kMeasured;
}

double measure_shared(SessionStore& store) {
  std::vector<Lease> leases;
  for (int t = 0; t < kThreads; ++t) leases.push_back(new_session(store));
  const auto before = std::chrono::steady_clock::now();
  std::vector<std::jthread> threads;
  for (const auto& lease : leases) {
    threads.emplace_back([&] {
      for (int n = 0; n < kAppendsPerThread; ++n) append(store, lease, 1, true);
    });
  }
  threads.clear();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
  return kThreads * kAppendsPerThread / took.count();
}

Figures measure_all(SessionStore& store) {
  Figures figures;
  double wall_at_2000 = 0;
  measure(store, 10, figures.cpu_at_10, figures.wall_at_10);
  measure(store, 2000, figures.cpu_at_2000, wall_at_2000);
  figures.shared_per_s = measure_shared(store);
  return figures;
}

// What the kernel charges for making 12 KiB durable, as each SQLite append does: the part that no store can save.
double sync_floor_us(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const std::string bytes(12 * 1024, 'x');
  const double before = cpu_us();
  for (int n = 0; n < kMeasured; ++n) {
    if (::write(fd, bytes.data(), bytes.size()) < 0 || ::fdatasync(fd) != 0) std::perror("sync");
  }
  const double after = cpu_us();
  ::close(fd);
  return (after - before) / kMeasured;
}

int run() {
  const auto dir = std::filesystem::temp_directory_path() / ("bench-store-" + new_id());
  const Figures memory = measure_all(*make_memory_store());
  Figures sqlite;
  double floor = 0;
  {
    const auto store = make_sqlite_store({.data_dir = dir});
    if (!store) {
      std::fprintf(stderr, "%s\n", store.error().to_string().c_str());
      return 1;
    }
    sqlite = measure_all(**store);
    floor = sync_floor_us(dir / "floor");
  }
  std::filesystem::remove_all(dir);
  std::printf("%-8s %16s %18s %17s %22s\n", "store", "cpu us at 10", "cpu us at 2000", "wall us at 10",
              "appends/s, 8 sessions");
  for (const auto& [name, f] : {std::pair{"memory", memory}, std::pair{"sqlite", sqlite}}) {
    std::printf("%-8s %16.1f %18.1f %17.1f %22.0f\n", name, f.cpu_at_10, f.cpu_at_2000, f.wall_at_10, f.shared_per_s);
  }
  std::printf("cpu of a bare write and fdatasync here: %.1f us\n", floor);
  const Json line = {
      {"memory_us_per_append_at_10", memory.cpu_at_10}, {"memory_us_per_append_at_2000", memory.cpu_at_2000},
      {"sqlite_us_per_append_at_10", sqlite.cpu_at_10}, {"sqlite_us_per_append_at_2000", sqlite.cpu_at_2000},
      {"sqlite_wall_us_per_append", sqlite.wall_at_10}, {"sqlite_appends_per_s_8_sessions", sqlite.shared_per_s}};
  std::printf("%s\n", dump_json(line).c_str());
  return 0;
}

}  // namespace
}  // namespace ottobot

int main() { return ottobot::run(); }
