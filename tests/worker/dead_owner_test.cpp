// An owner that dies at one of its calls of the store, for each of them in turn: the next owner finishes the session as
// if nothing had happened.
#include "ottobot/testing/faulty_session_store.hpp"
#include "worker/worker_fixture.hpp"

namespace ottobot::worker {
namespace {

using ottobot::testing::FaultySessionStore;
using ottobot::testing::succeeded;

enum class Death { before_the_call, after_the_call };

class DeadOwnerTest : public WorkerTest, public ::testing::WithParamInterface<Death> {
 protected:
  DeadOwnerTest() {
    const auto append = [](const std::string& line) {
      const Json args{{"command", "echo " + line + " >> lines"}};
      return Json{{"text", line}, {"tool_calls", Json::array({{{"name", "execute_command"}, {"args", args}}})}};
    };
    Json turn;
    turn["steps"] = Json::array({append("first"), append("second"), {{"text", "Done"}}});
    use_scenario({{"turns", Json::array({turn})}});
  }

  // False when the owner needed fewer calls and lived.
  bool run_and_die_at(std::size_t call, const std::string& id) {
    const Error dead = internal_error("dead").value();
    FaultySessionStore last_call(*store_), mortal(static_cast<SessionStore&>(last_call));
    const bool carried_out = GetParam() == Death::after_the_call;
    if (carried_out) last_call.inject({.error = dead, .skip = call, .applied = true});
    mortal.inject({.error = dead, .skip = carried_out ? call + 1 : call, .count = SIZE_MAX});
    return !run_over(mortal, id);
  }

  void expect_one_whole_turn(const std::string& id) {
    EXPECT_EQ(machine(id).workspace.read("lines"), "first\nsecond\n");
    EXPECT_EQ(row(id).status, SessionStatus::ready);
    EXPECT_FALSE(row(id).pending);
    EXPECT_FALSE(row(id).snapshot_blob.empty());
    EXPECT_EQ(events(id, EventType::tool_intent).size(), 2u);
    for (const Event& result : events(id, EventType::tool_result)) EXPECT_EQ(get_string(result.data, "outcome"), "ok");
    EXPECT_EQ(events(id, EventType::tool_result).size(), 2u);
    const auto ends = events(id, EventType::turn_finished);
    ASSERT_EQ(ends.size(), 1u);
    EXPECT_EQ(get_string(ends[0].data, "outcome"), "completed");
    EXPECT_EQ(backend_.starts(sandbox_name(id)), 1);
    Seq last = 0;
    for (const Event& event : testing::value_of(read_events(*store_, {id}, {}))) EXPECT_EQ(event.seq, ++last);
  }
};

TEST_P(DeadOwnerTest, LeavesNothingUndoneAndNothingTwice) {
  std::size_t deaths = 0;
  for (bool died = true; died; ++deaths) {
    SCOPED_TRACE("call " + std::to_string(deaths));
    const std::string id = create();
    died = run_and_die_at(deaths, id);
    clock_.advance(options_.lease_ttl + std::chrono::milliseconds(1));
    ASSERT_TRUE(succeeded(run(id)));
    ASSERT_NO_FATAL_FAILURE(expect_one_whole_turn(id));
    ASSERT_LT(deaths, 200u) << "it never lives";
  }
  EXPECT_GT(deaths, 15u);
}

INSTANTIATE_TEST_SUITE_P(Call, DeadOwnerTest, ::testing::Values(Death::before_the_call, Death::after_the_call),
                         [](const auto& suite_info) {
                           return suite_info.param == Death::before_the_call ? "BeforeIt" : "AfterIt";
                         });

}  // namespace
}  // namespace ottobot::worker
