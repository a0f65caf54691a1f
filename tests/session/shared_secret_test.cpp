#include "session/shared_secret.hpp"

#include <gtest/gtest.h>

namespace ottobot::session {
namespace {

WorkerRecord announced(const std::string& id, const std::string& digest) {
  WorkerRecord worker;
  worker.id = id;
  worker.secret_digest = digest;
  return worker;
}

TEST(SharedSecret, IsToldFromAnotherWithoutBeingSaid) {
  const std::string digest = secret_digest("s3cret", "w");
  EXPECT_EQ(digest.find("s3cret"), std::string::npos);
  EXPECT_TRUE(shares_secret(announced("w", digest), "s3cret"));
  EXPECT_FALSE(shares_secret(announced("w", digest), "another"));
  EXPECT_FALSE(shares_secret(announced("w", digest), ""));
  EXPECT_FALSE(shares_secret(announced("x", digest), "s3cret")) << "what one announces is of no use to another";
  EXPECT_FALSE(shares_secret(announced("w", ""), "s3cret"));
  EXPECT_TRUE(shares_secret(announced("w", secret_digest("", "w")), "")) << "both have none";
}

}  // namespace
}  // namespace ottobot::session
