#include "ottobot/session/session_service.hpp"

#include "ottobot/ids.hpp"
#include "ottobot/stores/memory.hpp"
#include "ottobot/testing/faulty_session_store.hpp"
#include "ottobot/testing/manual_clock.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot {
namespace {

using testing::failed_with;
using testing::succeeded;

class SessionServiceTest : public ::testing::Test {
 protected:
  SessionServiceOptions options() {
    SessionServiceOptions options;
    options.default_model = "scripted:demo";
    options.queue_limit = 3;
    options.max_waiting_prompts = 4;
    options.resolve_model = [](const std::string& model) -> Result<std::string> {
      if (model.find("scripted:") == 0) return model;
      return invalid_field("model", "no such model");
    };
    options.reserve_vnc_port = [this](const std::string& id, const CallContext&) -> Result<int> {
      ports.insert(id);
      return 6080;
    };
    options.release_vnc_port = [this](const std::string& id) { ports.erase(id); };
    return options;
  }

  NewSession request(const std::string& prompt = "build") {
    NewSession session;
    session.initial_prompt = prompt;
    return session;
  }
  std::vector<Event> events_of(const std::string& id) { return *read_events(*store, {id}, {}); }

  testing::ManualClock clock;
  std::set<std::string> ports;
  std::unique_ptr<SessionStore> store = make_memory_store(clock);
  std::unique_ptr<Queue> queue = make_memory_queue(clock);
  SessionService service{*store, *queue, clock, null_logger(), options()};
};

TEST_F(SessionServiceTest, PromptsBeyondTheLimitAreRefusedUntilATurnEnds) {
  const std::string id = service.create(request(), {})->id;
  const auto post = [&](int n) { return service.post_prompt(id, {}, "p", "c" + std::to_string(n), {}); };
  for (int n = 0; n < 4; ++n) ASSERT_TRUE(succeeded(post(n)));
  const auto refused = post(4);
  ASSERT_TRUE(failed_with(ErrorCode::resource_exhausted, refused));
  EXPECT_FALSE(refused.error().hint.empty());
  EXPECT_TRUE(refused.error().retry_after);
  EXPECT_EQ(post(2).value_or(0), 6) << "one that was taken may be sent again";

  const auto lease = store->acquire_lease({id, "w", std::chrono::seconds(10)}, {});
  ASSERT_TRUE(succeeded(lease));
  AppendOwnerParams end;
  end.session_id = id;
  end.epoch = lease->epoch;
  end.events = {events::turn_finished({TurnOutcome::completed, 1, {}, {}})};
  ASSERT_TRUE(succeeded(store->append_owner(end, {})));
  EXPECT_TRUE(succeeded(post(4)));
  EXPECT_TRUE(failed_with(ErrorCode::resource_exhausted, post(5)));
}

TEST_F(SessionServiceTest, JobsMayBePushedAfterTheAnswer) {
  auto later = options();
  later.pushes_later = true;
  const auto lease = [&] {
    return queue->lease({{kSharedQueue}, "w"}, with_timeout(std::chrono::seconds(20)));
  };
  {
    SessionService own(*store, *queue, clock, null_logger(), later);
    const auto row = own.create(request(), {});
    ASSERT_TRUE(succeeded(row));
    auto job = lease();
    ASSERT_TRUE(succeeded(job));
    ASSERT_TRUE(*job);
    EXPECT_EQ((*job)->id, row->id);
    ASSERT_TRUE(succeeded(queue->complete(**job, {})));
    ASSERT_TRUE(succeeded(own.post_prompt(row->id, {}, "and then", "c", {})));
  }
  EXPECT_EQ(queue->counts(kSharedQueue, {})->waiting, 1u) << "what came last was lost when the service ended";
}

TEST_F(SessionServiceTest, CreatingStoresTheSessionAndQueuesIt) {
  const auto row = service.create(request(), {});
  ASSERT_TRUE(succeeded(row));
  EXPECT_TRUE(is_valid_id(row->id));
  EXPECT_EQ(row->environment, "full-stack");
  EXPECT_EQ(row->model, "scripted:demo");
  EXPECT_EQ(row->expires_at, row->created_at + 3600 * 1000);
  EXPECT_EQ(row->vnc_port, 6080);
  EXPECT_EQ(queue->counts(kSharedQueue, {})->waiting, 1u);
  const auto events = events_of(row->id);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].type, EventType::session_created);
  EXPECT_EQ(events[2].type, EventType::user_prompt);
}

TEST_F(SessionServiceTest, ValidationNamesTheField) {
  const auto field_of = [&](NewSession session) {
    const auto row = service.create(session, {});
    EXPECT_TRUE(failed_with(ErrorCode::invalid_argument, row));
    return row || row.error().details.empty() ? "" : row.error().details[0].field;
  };
  EXPECT_EQ(field_of(request("")), "initial_prompt");
  EXPECT_EQ(field_of(request(std::string(5001, 'x'))), "initial_prompt");
  EXPECT_EQ(field_of(request("\xFF")), "initial_prompt");
  auto session = request();
  session.timeout_s = 299;
  EXPECT_EQ(field_of(session), "timeout");
  session = request();
  session.environment = "cobol";
  EXPECT_EQ(field_of(session), "environment");
  session = request();
  session.model = "gpt-9";
  EXPECT_EQ(field_of(session), "model");
  EXPECT_TRUE(ports.empty()) << "a refused session holds no port";
}

TEST_F(SessionServiceTest, LengthsCountCodePoints) {
  std::string prompt;
  for (int i = 0; i < 5000; ++i) prompt += "€";
  EXPECT_TRUE(succeeded(service.create(request(prompt), {})));
}

TEST_F(SessionServiceTest, AnIdempotencyKeyGivesTheSameAnswerAndReleasesTheSecondPort) {
  auto session = request();
  session.idempotency_key = "key-1";
  const auto first = service.create(session, {});
  clock.advance(std::chrono::minutes(1));
  const auto second = service.create(session, {});
  ASSERT_TRUE(succeeded(second));
  EXPECT_EQ(second->id, first->id);
  EXPECT_EQ(second->expires_at, first->expires_at);
  EXPECT_EQ(ports.size(), 1u);
  session.initial_prompt = "something else";
  EXPECT_TRUE(failed_with(ErrorCode::conflict, service.create(session, {})));
}

TEST_F(SessionServiceTest, AnIdempotencyKeyGivesTheSameAnswerWhenNothingNewWouldBeTaken) {
  auto session = request();
  session.idempotency_key = "key-1";
  session.model = "scripted:demo";
  const auto first = service.create(session, {});
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(succeeded(service.create(request(), {})));
  ASSERT_TRUE(failed_with(ErrorCode::resource_exhausted, service.create(request(), {})));
  auto later_options = options();
  later_options.resolve_model = [](const std::string&) -> Result<std::string> {
    return invalid_field("model", "there is no such provider");
  };
  later_options.default_timeout_s = 600;
  SessionService later(*store, *queue, clock, null_logger(), later_options);
  for (SessionService* asked : {&service, &later}) {
    const auto again = asked->create(session, {});
    ASSERT_TRUE(succeeded(again));
    EXPECT_EQ(again->id, first->id);
    EXPECT_EQ(again->expires_at, first->expires_at);
    EXPECT_EQ(again->model, "scripted:demo");
  }
  session.initial_prompt = "something else";
  EXPECT_TRUE(failed_with(ErrorCode::conflict, later.create(session, {})));
  EXPECT_EQ(ports.size(), 3u);
}

TEST_F(SessionServiceTest, AFullQueueIsRefusedWithATimeToComeBack) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(succeeded(service.create(request(), {})));
  const auto refused = service.create(request(), {});
  ASSERT_TRUE(failed_with(ErrorCode::resource_exhausted, refused));
  EXPECT_TRUE(refused.error().retry_after);
}

TEST_F(SessionServiceTest, AResentPromptIsTheSameEvent) {
  const auto row = service.create(request(), {});
  const auto first = service.post_prompt(row->id, "", "more", "client-7", {});
  const auto again = service.post_prompt(row->id, "", "more", "client-7", {});
  ASSERT_TRUE(succeeded(first));
  EXPECT_EQ(*first, *again);
  EXPECT_NE(*service.post_prompt(row->id, "", "more", "", {}), *first);
  EXPECT_EQ(events_of(row->id).size(), 5u);
}

TEST_F(SessionServiceTest, PromptsMoveTheExpiry) {
  const auto row = service.create(request(), {});
  clock.advance(std::chrono::minutes(10));
  ASSERT_TRUE(succeeded(service.post_prompt(row->id, "", "more", "", {})));
  EXPECT_EQ(service.get(row->id, "", {})->expires_at, row->expires_at + 600 * 1000);
}

TEST_F(SessionServiceTest, SessionsOfOthersDoNotExist) {
  auto session = request();
  session.user = "ada";
  const auto row = service.create(session, {});
  EXPECT_TRUE(succeeded(service.get(row->id, "ada", {})));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, service.get(row->id, "bob", {})));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, service.post_prompt(row->id, "bob", "x", "", {})));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, service.stop(row->id, "bob", {})));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, service.remove(row->id, "bob", {})));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, service.get("../../etc/passwd", "ada", {})));
}

TEST_F(SessionServiceTest, DeletingIsForGoodAndMayBeRepeated) {
  const auto row = service.create(request(), {});
  ASSERT_TRUE(succeeded(service.remove(row->id, "", {})));
  ASSERT_TRUE(succeeded(service.remove(row->id, "", {})));
  EXPECT_EQ(service.get(row->id, "", {})->status, SessionStatus::terminating);
  EXPECT_TRUE(failed_with(ErrorCode::conflict, service.post_prompt(row->id, "", "more", "", {})));
  EXPECT_TRUE(failed_with(ErrorCode::conflict, service.stop(row->id, "", {})));
  int deletes = 0;
  for (const Event& event : events_of(row->id)) {
    if (event.type != EventType::delete_requested) continue;
    ++deletes;
    EXPECT_EQ(get_string(to_public_json(event), "type"), "log");
  }
  EXPECT_EQ(deletes, 1);
}

TEST_F(SessionServiceTest, TheReconcilerQueuesWhatAPushLost) {
  const auto row = service.create(request(), {});
  ASSERT_EQ(queue->drain(kSharedQueue, {})->size(), 1u);  // as a restart with a queue in memory
  EXPECT_EQ(*requeue_pending(*store, *queue, {}), 1u);
  EXPECT_EQ(*requeue_pending(*store, *queue, {}), 0u) << "queued already";
  const auto lease = store->acquire_lease({row->id, "worker", std::chrono::seconds(10)}, {});
  ASSERT_TRUE(succeeded(lease));
  ASSERT_EQ(queue->drain(kSharedQueue, {})->size(), 1u);
  EXPECT_EQ(*requeue_pending(*store, *queue, {}), 0u) << "owned";
}

}  // namespace
}  // namespace ottobot
