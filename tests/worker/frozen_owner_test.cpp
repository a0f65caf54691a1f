// An owner that stands still past its lease, in the middle of a call, and comes back when another one did its work.
#include <condition_variable>
#include <thread>

#include "worker/worker_fixture.hpp"

namespace ottobot::worker {
namespace {

using namespace std::chrono_literals;
using ottobot::testing::failed_with;
using ottobot::testing::succeeded;

enum class Freeze { before_it_is_sent, after_its_answer };

// The connections of one owner. The first call of `command` stands still until thaw(), deaf to stops and deadlines, as
// a stopped process is: what it was about to send goes out all the same.
class FreezingHttpClient final : public net::HttpClient {
 public:
  FreezingHttpClient(net::HttpClient& http, Freeze freeze, std::string command)
      : http_(http), freeze_(freeze), command_(std::move(command)) {}

  Result<net::HttpResponse> fetch(const net::HttpRequest& request, const CallContext& ctx) override {
    return around<net::HttpResponse>(request, ctx, [&](const CallContext& c) { return http_.fetch(request, c); });
  }
  Result<void> stream(const net::HttpRequest& request, net::ResponseSink& sink, const CallContext& ctx) override {
    return around<void>(request, ctx, [&](const CallContext& c) { return http_.stream(request, sink, c); });
  }

  bool wait_until_frozen() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [this] { return state_ == State::frozen; });
  }
  void thaw() {
    std::lock_guard lock(mutex_);
    state_ = State::thawed;
    changed_.notify_all();
  }

 private:
  enum class State { armed, frozen, thawed };

  template <class Value, class Send>
  Result<Value> around(const net::HttpRequest& request, const CallContext& ctx, const Send& send) {
    const bool concerned =
        request.body.find("tools/call") != std::string::npos && request.body.find(command_) != std::string::npos;
    if (!concerned) return send(ctx);
    if (freeze_ == Freeze::before_it_is_sent) {
      stand_still();
      return send(with_timeout(20s));
    }
    auto answer = send(ctx);
    stand_still();
    return answer;
  }

  void stand_still() {
    std::unique_lock lock(mutex_);
    if (state_ == State::armed) state_ = State::frozen;
    changed_.notify_all();
    changed_.wait(lock, [this] { return state_ == State::thawed; });
  }

  net::HttpClient& http_;
  const Freeze freeze_;
  const std::string command_;
  std::mutex mutex_;  // guards state_
  std::condition_variable changed_;
  State state_ = State::armed;
};

class FrozenOwnerTest : public WorkerTest, public ::testing::WithParamInterface<Freeze> {
 protected:
  FrozenOwnerTest() {
    const auto append = [](const std::string& line) {
      const Json args{{"command", "echo " + line + " >> lines"}};
      return Json{{"text", line}, {"tool_calls", Json::array({{{"name", "execute_command"}, {"args", args}}})}};
    };
    Json turn;
    turn["steps"] = Json::array({append("first"), append("second"), append("third"), {{"text", "Done"}}});
    use_scenario({{"turns", Json::array({turn})}});
  }
  ~FrozenOwnerTest() override { http_of_the_frozen_.thaw(); }

  // Of an owner that stands still at the second call.
  Result<void> run_frozen(const Lease& lease) {
    WorkerDependencies dependencies{
        *store_, *queue_, backend_, http_of_the_frozen_, *server_, clock_, null_logger(), dependencies_.models, {},
        {},      {},      {}};
    SessionRunner runner(dependencies, options_, ports_, disk_, lease, {});
    return runner.run();
  }

  FreezingHttpClient http_of_the_frozen_{*http_, GetParam(), "echo second"};
};

TEST_P(FrozenOwnerTest, ThatWasReplacedDoesNothingASecondTime) {
  const std::string id = create();
  const Lease stale = own(id);
  Result<void> outcome;
  std::jthread frozen([&] { outcome = run_frozen(stale); });
  ASSERT_TRUE(http_of_the_frozen_.wait_until_frozen());
  EXPECT_EQ(events(id, EventType::tool_intent).size(), 2u);
  EXPECT_EQ(events(id, EventType::tool_result).size(), 1u);

  clock_.advance(options_.lease_ttl + 1ms);
  ASSERT_TRUE(succeeded(run(id)));
  EXPECT_EQ(machine(id).workspace.read("lines"), "first\nsecond\nthird\n");
  const Seq last_seq = row(id).last_seq;

  http_of_the_frozen_.thaw();
  frozen.join();
  EXPECT_TRUE(failed_with(ErrorCode::fenced, outcome));
  EXPECT_EQ(machine(id).workspace.read("lines"), "first\nsecond\nthird\n");
  EXPECT_EQ(row(id).last_seq, last_seq);
  EXPECT_EQ(row(id).status, SessionStatus::ready);
  EXPECT_EQ(events(id, EventType::tool_result).size(), 3u);
  EXPECT_EQ(events(id, EventType::turn_finished).size(), 1u);
  EXPECT_EQ(backend_.starts(sandbox_name(id)), 1);
}

INSTANTIATE_TEST_SUITE_P(Call, FrozenOwnerTest, ::testing::Values(Freeze::before_it_is_sent, Freeze::after_its_answer),
                         [](const auto& suite_info) {
                           return suite_info.param == Freeze::before_it_is_sent ? "BeforeItIsSent" : "AfterItsAnswer";
                         });

}  // namespace
}  // namespace ottobot::worker
