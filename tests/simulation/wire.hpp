// The way from one process to something outside of it: what is sent takes time, is overtaken by what was sent later,
// and may be lost on the way there or back.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "ottobot/call_context.hpp"
#include "simulation/scheduler.hpp"

namespace ottobot::simulation {

// How bad the ways are, for all of them. Set to nothing when the faults are over.
struct Weather {
  double lost_before = 0;  // the call does not arrive
  double lost_after = 0;   // it is carried out, and its answer does not arrive
  double silent = 0;       // of those that are lost: nothing tells the caller, who waits for its deadline
  double slow = 0;         // takes up to slowest, there or back
  Nanos usual = 2 * kMillisecond;
  Nanos slowest = 3 * kSecond;
};

class Wire {
 public:
  enum class To { store, sandbox };
  // Whether what is called waits itself: then on a thread of its own.
  enum class Runs { at_once, on_a_thread };

  Wire(Scheduler& scheduler, const Weather& weather, ProcessPtr process, To to)
      : scheduler_(scheduler), weather_(weather), process_(std::move(process)), to_(to) {}

  // The result of `body(ctx)` where it runs, or an error: unavailable and deadline_exceeded leave open whether it ran.
  // Gives up with `ctx`, as a real client does; the call may still arrive then. Everything that `body` has is its own:
  // it may run when the caller has gone. Its ctx fires when the caller gives up.
  template <class Body>
  auto call(std::string_view what, const CallContext& ctx, Body body, Runs runs = Runs::at_once)
      -> std::invoke_result_t<Body, const CallContext&>;

  Scheduler& scheduler() const { return scheduler_; }
  const ProcessPtr& process() const { return process_; }
  // Nothing passes, now.
  bool is_down() const { return process_->dead || (to_ == To::store && process_->cut_off); }
  // As a call draws them.
  Nanos draw_delay() const;
  bool draw_loss() const { return is_down() || scheduler_.random().chance(weather_.lost_before); }

 private:
  template <class Answer>
  struct Exchange {
    std::optional<Answer> answer;
    std::stop_source given_up;
  };
  struct Fate {
    bool lost_before = false, lost_after = false, silent = false;
    Nanos there = 0, back = 0;
  };

  Fate draw_fate() const;
  void trace(std::string_view what, const char* outcome) const;
  template <class Answer>
  Answer wait_for(std::string_view what, Exchange<Answer>& exchange, const CallContext& ctx);

  Scheduler& scheduler_;
  const Weather& weather_;
  ProcessPtr process_;
  To to_;
};

template <class Body>
auto Wire::call(std::string_view what, const CallContext& ctx, Body body, Runs runs)
    -> std::invoke_result_t<Body, const CallContext&> {
  using Answer = std::invoke_result_t<Body, const CallContext&>;
  if (auto alive = ctx.check(); !alive) return fail(alive.error());
  const auto exchange = std::make_shared<Exchange<Answer>>();
  const Fate fate = draw_fate();
  const auto arrive = [wire = *this, exchange, fate](std::optional<Answer> answer, Nanos delay) {
    if (!answer && fate.silent) return;
    const auto carried = std::make_shared<std::optional<Answer>>(std::move(answer));
    wire.scheduler_.after(delay, [wire, exchange, carried] {
      if (*carried && !wire.is_down()) {
        exchange->answer = std::move(**carried);
      } else {
        exchange->answer = Answer(unavailable("the connection broke"));
      }
      wire.scheduler_.wake_all(exchange.get());
    });
  };
  // The way there: a request that has left its process is not held back by what becomes of that.
  const bool sent = !is_down();
  scheduler_.after(
      fate.there, [wire = *this, exchange, fate, sent, arrive, runs, name = std::string(what), body = std::move(body)] {
        const bool cut = wire.to_ == To::store && wire.process_->cut_off;
        if (fate.lost_before || !sent || cut) {
          wire.trace(name, "is lost");
          return arrive(std::nullopt, 0);
        }
        const auto run = [wire, exchange, fate, arrive, name, body] {
          CallContext own;
          own.stop = exchange->given_up.get_token();
          auto answer = body(own);
          wire.trace(name, fate.lost_after ? "runs, and its answer is lost"
                           : answer        ? "runs"
                                           : answer.error().message.c_str());
          arrive(fate.lost_after ? std::nullopt : std::optional<Answer>(std::move(answer)), fate.back);
        };
        if (runs == Runs::at_once) return run();
        wire.scheduler_.detach(wire.scheduler_.spawn(std::make_shared<Process>(), run));
      });
  return wait_for(what, *exchange, ctx);
}

template <class Answer>
Answer Wire::wait_for(std::string_view what, Exchange<Answer>& exchange, const CallContext& ctx) {
  constexpr std::chrono::seconds kLongestSilence{10};  // then a real client takes the connection for broken
  const auto bounded = ctx.within(kLongestSilence);
  const std::stop_callback on_stop(ctx.stop, [&] { scheduler_.wake_all(&exchange); });
  while (!exchange.answer) {
    if (auto alive = bounded.check(); !alive) {
      exchange.given_up.request_stop();
      trace(what, "is given up");
      if (ctx.check()) return unavailable("no answer");
      return fail(alive.error());
    }
    scheduler_.wait(&exchange, scheduler_.now() + bounded.remaining().count() * kMillisecond + kMillisecond);
  }
  return std::move(*exchange.answer);
}

}  // namespace ottobot::simulation
