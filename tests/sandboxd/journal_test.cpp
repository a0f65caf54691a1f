#include <atomic>
#include <future>

#include "sandboxd/tool_fixture.hpp"

namespace ottobot::sandboxd {
namespace {

using ::testing::HasSubstr;

class JournalTest : public ToolFixture {
 protected:
  static Json meta(const std::string& id, std::int64_t epoch = 1) {
    return {{mcp::meta::kCallId, id}, {mcp::meta::kEpoch, epoch}};
  }
  mcp::CallToolResult append(const std::string& id) {
    return call("execute_command", {{"command", "echo ran >> log; cat log"}}, meta(id));
  }
};

TEST_F(JournalTest, RunsAnIdOnceAndReplaysItsResult) {
  auto first = append("a");
  auto second = append("a");
  EXPECT_EQ(first.structured["stdout"], "ran\n");
  EXPECT_EQ(second.structured, first.structured);
  EXPECT_EQ(workspace_.read("log"), "ran\n");
  EXPECT_FALSE(get_bool(first.meta, mcp::meta::kReplayed));
  EXPECT_TRUE(get_bool(second.meta, mcp::meta::kReplayed));
  EXPECT_EQ(get_string(second.meta, mcp::meta::kBootId), toolset_->boot_id());
}

TEST_F(JournalTest, EveryResultCarriesTheBootId) {
  auto failed = call("read_file", {{"path", "absent"}});
  EXPECT_TRUE(failed.is_error);
  EXPECT_EQ(get_string(failed.meta, mcp::meta::kBootId), toolset_->boot_id());
}

TEST_F(JournalTest, ManyArrivalsOfOneIdShareOneRun) {
  ASSERT_EQ(call("execute_command", {{"command", "mkfifo gate"}}).structured["exit_code"], 0);
  Json args = {{"command", "echo ran >> log; cat gate"}};
  std::vector<std::future<mcp::CallToolResult>> callers;
  for (int i = 0; i < 8; ++i) {
    callers.push_back(std::async(std::launch::async, [&] { return call("execute_command", args, meta("shared")); }));
  }
  std::ofstream(workspace_ / "gate") << "go\n";  // blocks until the one run reads
  int replays = 0;
  for (auto& caller : callers) {
    auto result = caller.get();
    EXPECT_EQ(result.structured["stdout"], "go\n");
    replays += get_bool(result.meta, mcp::meta::kReplayed) ? 1 : 0;
  }
  EXPECT_EQ(replays, 7);
  EXPECT_EQ(workspace_.read("log"), "ran\n");
}

TEST_F(JournalTest, GoesOnWhenItsCallerLeaves) {
  ASSERT_EQ(call("execute_command", {{"command", "mkfifo gate"}}).structured["exit_code"], 0);
  Json args = {{"command", "cat gate; echo done >> log"}};
  mcp::CallOptions options;
  options.meta = meta("left");
  auto left = client_->call_tool("execute_command", args, options, with_timeout(std::chrono::milliseconds(100)));
  EXPECT_TRUE(!left || left->is_error);
  std::ofstream(workspace_ / "gate") << "late\n";
  auto joined = call("execute_command", args, meta("left"));
  EXPECT_EQ(joined.structured["stdout"], "late\n");
  EXPECT_EQ(workspace_.read("log"), "done\n");
}

TEST_F(JournalTest, RefusesAnIdThatNamesAnotherCall) {
  append("a");
  auto other = call("execute_command", {{"command", "echo other"}}, meta("a"));
  EXPECT_TRUE(other.is_error);
  EXPECT_THAT(text(other), HasSubstr("used for another call"));
}

TEST_F(JournalTest, ForgetsWhatIsAcknowledged) {
  append("a");
  EXPECT_EQ(toolset_->journal().size(), 1U);
  toolset_->journal().acknowledge({"a", "unknown"});
  EXPECT_EQ(toolset_->journal().size(), 0U);
}

TEST_F(JournalTest, DoesNotRunAgainWhatWasAcknowledged) {
  append("a");
  toolset_->journal().cancel("early");
  toolset_->journal().acknowledge({"a", "early"});
  for (const char* id : {"a", "early"}) {
    auto late = append(id);
    EXPECT_TRUE(late.is_error);
    EXPECT_THAT(text(late), HasSubstr("was acknowledged"));
  }
  EXPECT_EQ(workspace_.read("log"), "ran\n");
}

TEST_F(JournalTest, CancelsARunningCallWithItsGroup) {
  ASSERT_EQ(call("execute_command", {{"command", "mkfifo gate"}}).structured["exit_code"], 0);
  Json args = {{"command", "echo begun; echo > gate; sleep 100"}};
  auto caller = std::async(std::launch::async, [&] { return call("execute_command", args, meta("c")); });
  std::ifstream(workspace_ / "gate").get();  // the command is under way
  auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(toolset_->journal().cancel("c"));
  auto result = caller.get();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
  EXPECT_TRUE(result.is_error);
  EXPECT_THAT(text(result), HasSubstr("cancelled"));
  EXPECT_EQ(result.structured["stdout"], "begun\n");
  EXPECT_FALSE(toolset_->journal().cancel("c"));
}

TEST_F(JournalTest, DoesNotRunWhatWasCancelledBeforeItArrived) {
  EXPECT_TRUE(toolset_->journal().cancel("early"));
  auto result = append("early");
  EXPECT_TRUE(result.is_error);
  EXPECT_EQ(text(result), "cancelled, not run");
  EXPECT_FALSE(std::filesystem::exists(workspace_ / "log"));
}

TEST_F(JournalTest, RefusesAnOlderEpoch) {
  ASSERT_TRUE(toolset_->epochs().claim(5));
  mcp::CallOptions options;
  options.meta = meta("a", 4);
  auto refused = client_->call_tool("execute_command", {{"command", "echo ran >> log"}}, options, limit());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::fenced);
  EXPECT_FALSE(std::filesystem::exists(workspace_ / "log"));
  EXPECT_FALSE(call("execute_command", {{"command", "true"}}, meta("b", 5)).is_error);
  EXPECT_FALSE(call("execute_command", {{"command", "true"}}).is_error);
  EXPECT_FALSE(toolset_->epochs().claim(4));
  EXPECT_TRUE(toolset_->epochs().claim(5));
}

TEST_F(JournalTest, ACallOfAHigherEpochFencesTheOlderOnes) {
  EXPECT_FALSE(call("execute_command", {{"command", "true"}}, meta("a", 7)).is_error);
  EXPECT_EQ(toolset_->epochs().current(), 7);
  mcp::CallOptions options;
  options.meta = {{mcp::meta::kEpoch, 6}};
  auto refused = client_->call_tool("execute_command", {{"command", "echo ran >> log"}}, options, limit());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::fenced);
  EXPECT_FALSE(std::filesystem::exists(workspace_ / "log"));
}

TEST_F(JournalTest, NamesTheWrongFieldOfMeta) {
  const std::vector<std::pair<std::string, Json>> wrong{
      {mcp::meta::kEpoch, "5"},
      {mcp::meta::kEpoch, -1},
      {mcp::meta::kEpoch, 1.5},
      {mcp::meta::kEpoch, nullptr},
      {mcp::meta::kEpoch, std::uint64_t{1} << 63U},
      {mcp::meta::kCallId, 5},
      {mcp::meta::kCallId, ""},
      {mcp::meta::kCallId, std::string(257, 'x')},
  };
  for (const auto& [key, value] : wrong) {
    mcp::CallOptions options;
    options.meta = {{key, value}};
    auto refused = client_->call_tool("execute_command", {{"command", "echo ran >> log"}}, options, limit());
    ASSERT_FALSE(refused) << key << " " << value;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(refused.error().message, HasSubstr(key));
  }
  EXPECT_EQ(toolset_->epochs().current(), 0);
  EXPECT_FALSE(std::filesystem::exists(workspace_ / "log"));
}

TEST(JournalLimitsTest, ReadsMayRunAgainAndOldIdsAreForgotten) {
  JournalOptions options;
  options.max_acknowledged = 1;
  Journal journal(options);
  CallContext ctx = with_timeout(std::chrono::seconds(10));
  int runs = 0;
  const auto run = [&](const char* id, bool read_only) {
    const CallBody body = [&](const Progress&, const CallContext&) { return mcp::text_result(std::to_string(++runs)); };
    const auto done = journal.call({id, "f", true, read_only}, body, nullptr, ctx);
    journal.acknowledge({id});
    return bool(done);
  };
  EXPECT_TRUE(run("read", true));
  EXPECT_TRUE(run("read", true));
  EXPECT_TRUE(run("first", false));
  EXPECT_FALSE(run("first", false));
  EXPECT_TRUE(run("second", false));
  EXPECT_TRUE(run("first", false)) << "one id is kept in mind";
  EXPECT_EQ(runs, 5);
}

TEST(JournalLimitsTest, SpillsLargeResultsAndRefusesWhenFull) {
  TempFolder folder;
  JournalOptions options;
  options.folder = folder.path();
  options.max_entries = 2;
  options.max_memory_result_bytes = 1000;
  Journal journal(options);
  CallBody large = [](const Progress&, const CallContext&) { return mcp::text_result(std::string(5000, 'x')); };
  CallContext ctx = with_timeout(std::chrono::seconds(10));
  ASSERT_TRUE(journal.call({"1", "f"}, large, nullptr, ctx));
  EXPECT_FALSE(std::filesystem::is_empty(folder.path()));
  auto replay = journal.call({"1", "f"}, large, nullptr, ctx);
  ASSERT_TRUE(replay);
  EXPECT_TRUE(replay->replayed);
  EXPECT_EQ(get_string(replay->result.content[0], "text").size(), 5000U);
  ASSERT_TRUE(journal.call({"2", "f"}, large, nullptr, ctx));
  auto full = journal.call({"3", "f"}, large, nullptr, ctx);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::resource_exhausted);
  journal.acknowledge({"1", "2"});
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_TRUE(journal.call({"3", "f"}, large, nullptr, ctx));
}

class OthersInTheJournal : public ::testing::Test {
 protected:
  OthersInTheJournal() : journal_(options(folder_.path())) {}

  static JournalOptions options(const std::string& folder) {
    JournalOptions options;
    options.folder = folder;
    options.max_entries = 2;
    options.max_memory_result_bytes = 1000;
    options.max_others_entries = 3;
    options.max_others_spilled_bytes = 12'000;
    return options;
  }
  // Whether the id was known.
  Result<bool> call(const std::string& id, bool by_owner, std::size_t bytes = 10) {
    const CallBody body = [bytes](const Progress&, const CallContext&) {
      return mcp::text_result(std::string(bytes, 'x'));
    };
    auto outcome = journal_.call({id, "f", by_owner}, body, nullptr, with_timeout(std::chrono::seconds(10)));
    if (!outcome) return fail(outcome.error());
    return outcome->replayed;
  }

  TempFolder folder_;
  Journal journal_;
};

TEST_F(OthersInTheJournal, MakeRoomForThemselvesAndLeaveTheOwnersResults) {
  EXPECT_EQ(call("owner", true), false);
  for (int n = 0; n < 20; ++n) EXPECT_EQ(call("other-" + std::to_string(n), false), false);
  EXPECT_EQ(journal_.size(), 4U);
  EXPECT_EQ(call("owner", true), true);
  EXPECT_EQ(call("other-19", false), true);
  EXPECT_EQ(call("other-1", false), false);
  EXPECT_EQ(call("owner-2", true), false);
}

TEST_F(OthersInTheJournal, KeepTheirLargeResultsWithinTheirOwnBound) {
  for (int n = 0; n < 3; ++n) EXPECT_EQ(call("large-" + std::to_string(n), false, 5000), false);
  EXPECT_EQ(call("next", false), false);
  EXPECT_EQ(call("large-2", false, 5000), true);
  EXPECT_EQ(call("large-0", false, 5000), false);
}

TEST_F(OthersInTheJournal, AreRefusedWhileAllOfTheirsRun) {
  const CallBody until_cancelled = [](const Progress&, const CallContext& ctx) {
    (void)system_clock().sleep_for(std::chrono::minutes(1), ctx);
    return mcp::text_result("ended");
  };
  for (int n = 0; n < 3; ++n) {
    auto left = journal_.call({"running-" + std::to_string(n), "f", false}, until_cancelled, nullptr,
                              with_timeout(std::chrono::milliseconds(1)));
    ASSERT_FALSE(left);
    EXPECT_EQ(left.error().code, ErrorCode::deadline_exceeded);
  }
  auto refused = call("one-more", false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::resource_exhausted);
  EXPECT_EQ(call("owner", true), false);
}

}  // namespace
}  // namespace ottobot::sandboxd
