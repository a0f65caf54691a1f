// A service of two API servers and three workers, in which something is killed, ended, asleep or started again nearly
// all the time, Redis too: what was acknowledged happens, once and in order, and nothing is left of it when it is gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <numeric>
#include <set>

#include "integration/chaos_clients.hpp"
#include "integration/chaos_remains.hpp"

namespace ottobot::integration {
namespace {

using ::testing::IsEmpty;

constexpr std::chrono::seconds kReport{10};
constexpr std::chrono::seconds kGone{60};
constexpr const char* kRetention = "3s";

// Of all sessions.
struct Counts {
  int prompts = 0, turns = 0, calls = 0, lines = 0, frames = 0, events = 0;
};

class Chaos : public ::testing::Test {
 protected:
  void SetUp() override {
    OTTOBOT_NEED_REDIS();
    std::cout << "OTTOBOT_CHAOS_SEED=" << options_.seed << ": " << options_.sessions << " sessions of "
              << options_.prompts() << " prompts in " << options_.duration.count() << " s\n";
    service_ = std::make_unique<ChaosService>(chaos_scenario(options_.prompts()), options_,
                                              Environment{{"OTTOBOT_RETENTION", kRetention}});
    ASSERT_TRUE(service_->start());
    began_ = std::chrono::steady_clock::now();
    reporter_ = std::jthread([this](const std::stop_token& stop) { report(stop); });
  }

  void TearDown() override {
    reporter_ = {};
    if (HasFailure() && std::getenv("OTTOBOT_CHAOS_LOGS") != nullptr) std::cout << service_->logs();
  }

  std::chrono::seconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began_);
  }

  void report(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    while (!wake.wait_for(lock, stop, kReport, [&] { return stop.stop_requested(); })) print();
  }

  void print() const {
    const int all = options_.sessions * options_.prompts();
    std::cout << elapsed().count() << " s: " << service_->strokes() << " strokes, prompts " << tally_.acknowledged
              << " of " << all << " acknowledged (" << tally_.sent_again << " sent again), turns " << tally_.turns
              << ", reconnections " << tally_.reconnections << ", sessions at their end " << tally_.done << std::endl;
  }

  void use() {
    for (int n = 0; n < options_.sessions; ++n) {
      sessions_.push_back(std::make_unique<ChaosSession>(*service_, options_, tally_, n));
    }
    service_->carry_out(plan_chaos(options_));
    std::cout << elapsed().count() << " s: all processes run again" << std::endl;
    for (const auto& session : sessions_) session->wait();
    print();
  }

  Events events_of(const std::string& id) {
    Events events;
    for (;;) {
      const std::string after = std::to_string(events.empty() ? 0 : get_int(events.back(), "seq"));
      const auto answer = service_->insist("GET", "/session/" + id + "/events?limit=1000&after=" + after, 200, 404);
      const Json page = parse_json(answer.body).value_or(Json());
      const Json* found = find_member(page, "events");
      if (found == nullptr || found->empty()) return events;
      events.insert(events.end(), found->begin(), found->end());
    }
  }

  void check(const ChaosSession& session) {
    SCOPED_TRACE(session.id());
    ASSERT_FALSE(session.id().empty()) << "no session was made";
    EXPECT_EQ(session.acknowledged(), options_.prompts());
    const Events events = events_of(session.id());
    check_log(events);
    check_readers(session, events);
    const auto lines = service_->insist("GET", "/download/" + session.id() + "/lines.txt", 200, 404).body;
    EXPECT_EQ(lines, chaos_lines(options_.prompts()));
    counts_.lines += static_cast<int>(std::count(lines.begin(), lines.end(), '\n'));
  }

  void check_log(const Events& events) {
    std::int64_t last = 0;
    std::set<std::string> ids, prompts, calls;
    for (const Json& event : events) {
      EXPECT_EQ(get_int(event, "seq"), ++last);
      EXPECT_TRUE(ids.insert(get_string(event, "id")).second) << event;
    }
    for (const Json& prompt : of_type(events, "user_prompt")) {
      EXPECT_TRUE(prompts.insert(get_string(prompt["data"], "content")).second) << prompt;
    }
    for (const Json& result : of_type(events, "tool_result")) {
      EXPECT_EQ(get_string(result["data"], "outcome"), "ok") << result;
      EXPECT_TRUE(calls.insert(get_string(result["data"], "call_id")).second) << result;
    }
    const auto count = [&](const char* type) { return static_cast<int>(of_type(events, type).size()); };
    for (const Json& end : of_type(events, "turn_finished")) {
      EXPECT_EQ(get_string(end["data"], "outcome"), "completed") << end;
    }
    EXPECT_EQ(count("user_prompt"), options_.prompts());
    EXPECT_EQ(count("turn_finished"), options_.prompts());
    EXPECT_EQ(count("tool_intent"), options_.prompts() * kChaosLines);
    EXPECT_EQ(count("tool_result"), options_.prompts() * kChaosLines);
    EXPECT_EQ(count("agent_message"), options_.prompts() * (kChaosLines + 1));
    EXPECT_EQ(count("sandbox_lost"), 0);
    counts_.prompts += count("user_prompt");
    counts_.turns += count("turn_finished");
    counts_.calls += count("tool_result");
    counts_.events += static_cast<int>(events.size());
  }

  // Both stop at the end of the last turn.
  void check_readers(const ChaosSession& session, const Events& events) {
    std::int64_t end = 0;
    for (const Json& event : of_type(events, "turn_finished")) end = get_int(event, "seq");
    Seqs visible = visible_after(events, 0), all(static_cast<std::size_t>(end));
    visible.erase(std::upper_bound(visible.begin(), visible.end(), end), visible.end());
    std::iota(all.begin(), all.end(), 1);
    EXPECT_EQ(session.chat_seqs(), visible);
    EXPECT_EQ(session.reader_seqs(), all);
    counts_.frames += static_cast<int>(session.chat_seqs().size() + session.reader_seqs().size());
  }

  void delete_all() {
    std::vector<std::thread> deleting;
    for (std::size_t first = 0; first < 8; ++first) {
      deleting.emplace_back([this, first] {
        for (std::size_t n = first; n < sessions_.size(); n += 8) {
          const std::string path = "/session/" + sessions_[n]->id();
          EXPECT_NE(service_->insist("DELETE", path, 202, 404).status, 0) << path;
        }
      });
    }
    for (std::thread& each : deleting) each.join();
  }

  void expect_nothing_left(const std::vector<SessionRemains>& remains) {
    std::vector<std::string> strays;
    EXPECT_TRUE(eventually([&] { return (strays = stray_keys(service_->redis())).empty(); }, kGone));
    EXPECT_THAT(strays, IsEmpty());
    // Of a sandbox that another process ended, its parent learns when it looks the next time.
    for (const SessionRemains& each : remains) {
      std::vector<std::string> found;
      EXPECT_TRUE(eventually([&] { return (found = each.found()).empty(); }, kGone));
      EXPECT_THAT(found, IsEmpty());
    }
    const auto workers = [&] { return service_->redis().cli({"hlen", "ottobot:{workers}:records"}); };
    EXPECT_TRUE(eventually([&] { return workers() == std::to_string(options_.workers) + "\n"; }, kGone)) << workers();
  }

  const ChaosOptions options_ = ChaosOptions::from_environment();
  std::unique_ptr<ChaosService> service_;
  ChaosTally tally_;
  Counts counts_;
  std::chrono::steady_clock::time_point began_;
  std::vector<std::unique_ptr<ChaosSession>> sessions_;
  std::jthread reporter_;
};

TEST_F(Chaos, WhatWasAcknowledgedHappensOnceAndNothingIsLeftOfIt) {
  use();
  for (const auto& session : sessions_) check(*session);
  for (const auto& [blow, count] : service_->count_by_blow()) std::cout << to_string(blow) << ": " << count << "\n";
  std::cout << counts_.prompts << " prompts, " << counts_.turns << " turns, " << counts_.calls << " tool calls, "
            << counts_.lines << " lines, " << counts_.events << " events, " << counts_.frames << " read by "
            << 2 * sessions_.size() << " readers" << std::endl;
  std::vector<SessionRemains> remains;
  for (const auto& session : sessions_) remains.emplace_back(*service_, session->id());
  delete_all();
  std::cout << elapsed().count() << " s: all sessions are deleted" << std::endl;
  expect_nothing_left(remains);
  std::cout << elapsed().count() << " s: nothing is left" << std::endl;
}

}  // namespace
}  // namespace ottobot::integration
