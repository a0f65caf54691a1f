// A running server with one session whose sandbox is up, attacked over and over: every test must leave it as it was.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "hostile/vital_signs.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"

namespace ottobot::hostile {

class HostileTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();

  static int port() { return server_->port(); }
  static int port_of(const char* name);  // "vnc_port", "mcp_port" of the session
  static const std::string& session() { return session_; }
  static const integration::SessionClient& client() { return *client_; }
  static const integration::ServerProcess& server() { return *server_; }

  static bool is_healthy();
  // /health says so at once, and a turn of the session runs to its end.
  static void expect_service();

  // Runs `attack` until a round costs nothing for good. The first ones may (caches, threads that are started when they
  // are needed, pages of the allocator); what leaks does so every time.
  template <class Attack>
  static void expect_nothing_left_by(const Attack& attack) {
    std::string growth;
    for (int round = 0; round < kRounds; ++round) {
      const VitalSigns before = vital_signs(server_->pid());
      attack();
      expect_service();
      const VitalSigns after = settle_to(before);
      if (is_back_to(before, after)) return;
      growth += "\nbefore: " + describe(before) + "\nafter:  " + describe(after);
    }
    ADD_FAILURE() << "every round leaves something" << growth;
  }

 private:
  static constexpr int kRounds = 4;

  static bool is_back_to(const VitalSigns& before, const VitalSigns& now);
  // Waits for that, for a while.
  static VitalSigns settle_to(const VitalSigns& before);

  static std::unique_ptr<integration::ServerProcess> server_;
  static std::unique_ptr<integration::SessionClient> client_;
  static std::string session_;
};

}  // namespace ottobot::hostile
