#include "net/server/io_loop.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ottobot::net {
namespace {

// A loop that has stopped with functions in its queue, as when sockets are closed while their server ends.
class StoppedLoop {
 public:
  StoppedLoop() {
    pool_.drain();
    threads_.stop();
    pool_.join();
  }

  IoLoop& loop() { return *loop_; }
  void end() { threads_.end(); }

 private:
  HandlerPool pool_{1, 1, 1, null_logger()};
  IoThreads threads_{1, pool_, null_logger()};
  std::shared_ptr<IoLoop> loop_ = threads_.next();
};

TEST(IoLoop, AnObserverThatThrowsAtTheEndKeepsNobodyElseFromBeingTold) {
  StoppedLoop stopped;
  int told = 0;
  stopped.loop().post([] { throw std::runtime_error("an observer's"); });
  stopped.loop().post([&] { ++told; });
  stopped.loop().post([] { throw 1; });
  stopped.loop().post([&] { ++told; });
  stopped.end();
  EXPECT_EQ(told, 2);
  stopped.loop().post([&] { ++told; });
  stopped.end();
  EXPECT_EQ(told, 2) << "what comes later is dropped";
}

TEST(IoLoop, AServerThatEndsOnTheLoopOfAnotherLeavesThatOneRunning) {
  StoppedLoop outer, inner;
  std::string order;
  outer.loop().post([&] {
    inner.end();
    outer.loop().dispatch([&] { order += "on the loop, "; });
    order += "then on";
  });
  outer.end();
  EXPECT_EQ(order, "on the loop, then on");
}

}  // namespace
}  // namespace ottobot::net
