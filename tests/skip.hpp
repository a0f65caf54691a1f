// What a test does that cannot run on this machine.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

// Skips the rest of the test, and says why; fails instead in continuous integration, which has all that tests need.
#define OTTOBOT_SKIP_UNLESS_CI(why)                                       \
  do {                                                                    \
    ASSERT_EQ(std::getenv("CI"), nullptr) << "must not be skipped: " << (why); \
    GTEST_SKIP() << (why);                                                \
  } while (false)
