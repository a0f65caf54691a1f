// The contract suite of ContainerBackend: every implementation, the fake included, passes it.
//
//   INSTANTIATE_TEST_SUITE_P(Mine, ContainerBackendContract, ::testing::Values(ContainerBackendSubject{"mine", []
//   {…}}));
//
// in namespace ottobot::testing, after including this header.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ottobot/container_backend.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::testing {

struct ContainerBackendSubject {
  std::string name;
  // A handle on the same host each time: what one backend launched, the next one finds. Null: the suite skips, loudly.
  std::function<std::unique_ptr<ContainerBackend>()> make;
};

inline void PrintTo(const ContainerBackendSubject& subject, std::ostream* out) { *out << subject.name; }

class ContainerBackendContract : public ::testing::TestWithParam<ContainerBackendSubject> {
 protected:
  void SetUp() override {
    backend_ = GetParam().make();
    if (!backend_) GTEST_SKIP() << GetParam().name << " cannot be tested here";
  }
  void TearDown() override {
    if (!backend_) return;
    for (const auto& name : names_) {
      auto removed = backend_->remove(name, ctx());
      EXPECT_TRUE(removed) << removed.error().to_string();
    }
  }

  ContainerBackend& backend() { return *backend_; }
  void reopen() {
    backend_.reset();
    backend_ = GetParam().make();
  }
  static CallContext ctx() { return with_timeout(std::chrono::seconds(60)); }
  std::string new_name() {
    names_.push_back(new_id());
    return names_.back();
  }
  LaunchParams params(std::map<std::string, std::string> labels = {}) {
    LaunchParams params;
    params.name = new_name();
    params.labels = std::move(labels);
    params.desktop = false;
    return params;
  }
  Sandbox launched(const LaunchParams& params) {
    auto sandbox = backend().launch(params, nullptr, ctx());
    EXPECT_TRUE(sandbox) << sandbox.error().to_string();
    return sandbox.value_or(Sandbox{});
  }
  SandboxState state(const std::string& name) {
    auto sandbox = backend().inspect(name, ctx());
    EXPECT_TRUE(sandbox) << sandbox.error().to_string();
    return sandbox ? sandbox->state : SandboxState::exited;
  }
  template <class T>
  static ErrorCode code_of(const Result<T>& result) {
    EXPECT_FALSE(result);
    return result ? ErrorCode::internal : result.error().code;
  }

 private:
  std::unique_ptr<ContainerBackend> backend_;
  std::vector<std::string> names_;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ContainerBackendContract);

TEST_P(ContainerBackendContract, ProbeSucceedsWhereTheSuiteRuns) {
  auto probed = backend().probe(ctx());
  EXPECT_TRUE(probed) << probed.error().to_string();
}

TEST_P(ContainerBackendContract, ALaunchedSandboxRunsAndSaysWhereItAnswers) {
  const auto wanted = params({{labels::kSession, "s1"}});
  const Sandbox sandbox = launched(wanted);
  EXPECT_EQ(sandbox.name, wanted.name);
  EXPECT_EQ(sandbox.state, SandboxState::running);
  EXPECT_EQ(sandbox.labels.at(labels::kSession), "s1");
  EXPECT_FALSE(sandbox.endpoint.url.empty());
  EXPECT_FALSE(sandbox.endpoint.token.empty());
  EXPECT_GT(sandbox.created_at, 0);
}

TEST_P(ContainerBackendContract, LaunchingARunningNameReturnsItAsItIs) {
  const auto wanted = params();
  const Sandbox first = launched(wanted);
  const Sandbox second = launched(wanted);
  EXPECT_EQ(first.endpoint.token, second.endpoint.token);
  EXPECT_EQ(first.endpoint.url, second.endpoint.url);
  EXPECT_EQ(first.created_at, second.created_at);
}

TEST_P(ContainerBackendContract, ConcurrentLaunchesOfOneNameStartOneSandbox) {
  const auto wanted = params();
  std::vector<std::string> tokens(4);
  {
    std::vector<std::jthread> threads;
    for (auto& token : tokens) {
      threads.emplace_back([&] {
        if (auto sandbox = backend().launch(wanted, nullptr, ctx())) token = sandbox->endpoint.token;
      });
    }
  }
  EXPECT_FALSE(tokens[0].empty());
  for (const auto& token : tokens) EXPECT_EQ(token, tokens[0]);
}

TEST_P(ContainerBackendContract, EachSandboxHasItsOwnToken) {
  EXPECT_NE(launched(params()).endpoint.token, launched(params()).endpoint.token);
}

TEST_P(ContainerBackendContract, ProgressRisesToAHundred) {
  std::vector<int> steps;
  auto sandbox = backend().launch(
      params(), [&](int percent, const std::string&) { steps.push_back(percent); }, ctx());
  ASSERT_TRUE(sandbox) << sandbox.error().to_string();
  ASSERT_FALSE(steps.empty());
  EXPECT_TRUE(std::is_sorted(steps.begin(), steps.end()));
  EXPECT_GE(steps.front(), 0);
  EXPECT_EQ(steps.back(), 100);
}

TEST_P(ContainerBackendContract, InspectTellsWhatLaunchTold) {
  const Sandbox sandbox = launched(params({{"a", "b"}}));
  auto seen = backend().inspect(sandbox.name, ctx());
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_EQ(seen->endpoint.token, sandbox.endpoint.token);
  EXPECT_EQ(seen->endpoint.url, sandbox.endpoint.url);
  EXPECT_EQ(seen->labels.at("a"), "b");
  EXPECT_EQ(seen->created_at, sandbox.created_at);
}

TEST_P(ContainerBackendContract, SandboxesOutliveTheBackend) {
  const Sandbox sandbox = launched(params());
  reopen();
  EXPECT_EQ(state(sandbox.name), SandboxState::running);
}

TEST_P(ContainerBackendContract, ListFindsExactlyWhatCarriesEveryLabel) {
  const std::string group = new_id();
  const Sandbox both = launched(params({{"group", group}, {"kind", "x"}}));
  const Sandbox other = launched(params({{"group", group}, {"kind", "y"}}));
  auto all = backend().list({{"group", group}}, ctx());
  auto some = backend().list({{"group", group}, {"kind", "x"}}, ctx());
  auto none = backend().list({{"group", group}, {"missing", ""}}, ctx());
  ASSERT_TRUE(all && some && none);
  EXPECT_EQ(all->size(), 2u);
  ASSERT_EQ(some->size(), 1u);
  EXPECT_EQ(some->front().name, both.name);
  EXPECT_TRUE(none->empty());
}

TEST_P(ContainerBackendContract, PauseAndResumeMayBeRepeated) {
  const std::string name = launched(params()).name;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(backend().pause(name, ctx()));
  EXPECT_EQ(state(name), SandboxState::paused);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(backend().resume(name, ctx()));
  EXPECT_EQ(state(name), SandboxState::running);
}

TEST_P(ContainerBackendContract, LaunchingAPausedNameResumesIt) {
  const auto wanted = params();
  const Sandbox first = launched(wanted);
  ASSERT_TRUE(backend().pause(wanted.name, ctx()));
  const Sandbox second = launched(wanted);
  EXPECT_EQ(second.state, SandboxState::running);
  EXPECT_EQ(second.endpoint.token, first.endpoint.token);
  EXPECT_EQ(state(wanted.name), SandboxState::running);
}

TEST_P(ContainerBackendContract, AStoppedSandboxStaysListedAndCanBeLaunchedAgain) {
  const auto wanted = params({{"group", new_id()}});
  launched(wanted);
  ASSERT_TRUE(backend().stop(wanted.name, std::chrono::milliseconds(200), ctx()));
  EXPECT_EQ(state(wanted.name), SandboxState::exited);
  auto listed = backend().list(wanted.labels, ctx());
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->size(), 1u);
  EXPECT_TRUE(backend().stop(wanted.name, std::chrono::milliseconds(0), ctx()));
  EXPECT_EQ(launched(wanted).state, SandboxState::running);
  EXPECT_EQ(state(wanted.name), SandboxState::running);
}

TEST_P(ContainerBackendContract, WhatDoesNotRunCannotBePausedOrResumed) {
  const std::string name = launched(params()).name;
  ASSERT_TRUE(backend().stop(name, std::chrono::milliseconds(0), ctx()));
  EXPECT_EQ(code_of(backend().pause(name, ctx())), ErrorCode::conflict);
  EXPECT_EQ(code_of(backend().resume(name, ctx())), ErrorCode::conflict);
}

TEST_P(ContainerBackendContract, APausedSandboxCanBeStoppedAndRemoved) {
  const std::string stopped = launched(params()).name;
  const std::string removed = launched(params()).name;
  ASSERT_TRUE(backend().pause(stopped, ctx()));
  ASSERT_TRUE(backend().pause(removed, ctx()));
  EXPECT_TRUE(backend().stop(stopped, std::chrono::milliseconds(100), ctx()));
  EXPECT_EQ(state(stopped), SandboxState::exited);
  EXPECT_TRUE(backend().remove(removed, ctx()));
  EXPECT_EQ(code_of(backend().inspect(removed, ctx())), ErrorCode::not_found);
}

TEST_P(ContainerBackendContract, RemoveForgetsItAndMayBeRepeated) {
  const auto wanted = params({{"group", new_id()}});
  launched(wanted);
  ASSERT_TRUE(backend().remove(wanted.name, ctx()));
  EXPECT_EQ(code_of(backend().inspect(wanted.name, ctx())), ErrorCode::not_found);
  auto listed = backend().list(wanted.labels, ctx());
  ASSERT_TRUE(listed);
  EXPECT_TRUE(listed->empty());
  EXPECT_TRUE(backend().remove(wanted.name, ctx()));
}

TEST_P(ContainerBackendContract, UnknownNamesAreNotFound) {
  const std::string name = new_name();
  EXPECT_EQ(code_of(backend().inspect(name, ctx())), ErrorCode::not_found);
  EXPECT_EQ(code_of(backend().pause(name, ctx())), ErrorCode::not_found);
  EXPECT_EQ(code_of(backend().resume(name, ctx())), ErrorCode::not_found);
  EXPECT_EQ(code_of(backend().stop(name, std::chrono::milliseconds(0), ctx())), ErrorCode::not_found);
  EXPECT_EQ(code_of(backend().logs(name, 10, ctx())), ErrorCode::not_found);
  EXPECT_EQ(code_of(backend().stats(name, ctx())), ErrorCode::not_found);
  EXPECT_EQ(code_of(backend().disk_usage(name, ctx())), ErrorCode::not_found);
}

TEST_P(ContainerBackendContract, MalformedNamesAndUnknownImagesAreRefused) {
  for (const std::string& name : {std::string{}, std::string("../x"), std::string("a/b"), std::string(65, 'a')}) {
    LaunchParams wrong = params();
    wrong.name = name;
    EXPECT_EQ(code_of(backend().launch(wrong, nullptr, ctx())), ErrorCode::invalid_argument) << name;
  }
  LaunchParams wrong = params();
  wrong.image = "no-such-image-" + new_id();
  EXPECT_EQ(code_of(backend().launch(wrong, nullptr, ctx())), ErrorCode::not_found);
  EXPECT_EQ(code_of(backend().inspect(wrong.name, ctx())), ErrorCode::not_found);
}

TEST_P(ContainerBackendContract, ALaunchWithoutTimeLeftLeavesNothing) {
  const auto late = params();
  EXPECT_EQ(code_of(backend().launch(late, nullptr, with_timeout(std::chrono::milliseconds(0)))),
            ErrorCode::deadline_exceeded);
  EXPECT_EQ(code_of(backend().inspect(late.name, ctx())), ErrorCode::not_found);
  std::stop_source source;
  source.request_stop();
  const auto unwanted = params();
  EXPECT_EQ(code_of(backend().launch(unwanted, nullptr, ctx().with_stop(source.get_token()))), ErrorCode::cancelled);
  EXPECT_EQ(code_of(backend().inspect(unwanted.name, ctx())), ErrorCode::not_found);
}

TEST_P(ContainerBackendContract, LogsAreCutToTheLastLines) {
  const std::string name = launched(params()).name;
  auto nothing = backend().logs(name, 0, ctx());
  auto one = backend().logs(name, 1, ctx());
  ASSERT_TRUE(nothing && one);
  EXPECT_EQ(*nothing, "");
  EXPECT_LE(std::count(one->begin(), one->end(), '\n'), 1);
}

TEST_P(ContainerBackendContract, StatsOfARunningSandboxCountItsProcesses) {
  const std::string name = launched(params()).name;
  auto used = backend().stats(name, ctx());
  ASSERT_TRUE(used) << used.error().to_string();
  EXPECT_GE(used->processes, 1u);
  EXPECT_GT(used->memory_bytes, 0u);
}

TEST_P(ContainerBackendContract, DiskUsageIsKnownOfARunningAndOfAStoppedSandbox) {
  const std::string name = launched(params()).name;
  const auto running = backend().disk_usage(name, ctx());
  ASSERT_TRUE(running) << running.error().to_string();
  EXPECT_LT(*running, 64u << 20);
  ASSERT_TRUE(backend().stop(name, std::chrono::milliseconds(100), ctx()));
  EXPECT_TRUE(backend().disk_usage(name, ctx()));
}

}  // namespace ottobot::testing
